import { expect, test } from "vitest";
import { authorityOf, isLoopback } from "../../../src/server/authority.ts";

const http = (host: string, port = 4653) => authorityOf({ host, port, secure: false });

test("a server on loopback answers to its address and to localhost, with its port", () => {
  expect([...http("127.0.0.1").origins]).toEqual([
    ["127.0.0.1:4653", "http://127.0.0.1:4653"],
    ["localhost:4653", "http://localhost:4653"],
  ]);
  expect([...http("::1").origins.keys()]).toEqual(["[::1]:4653", "localhost:4653"]);
  expect([...http("localhost").origins.keys()]).toEqual(["localhost:4653"]);
});

test("a server on another address answers to that address alone", () => {
  expect([...http("192.0.2.7").origins.keys()]).toEqual(["192.0.2.7:4653"]);
});

test("the usual port may be left out or written, the origin is the same", () => {
  expect([...authorityOf({ host: "192.0.2.7", port: 443, secure: true }).origins]).toEqual([
    ["192.0.2.7", "https://192.0.2.7"],
    ["192.0.2.7:443", "https://192.0.2.7"],
  ]);
});

test("behind a reverse proxy only the public name counts", () => {
  const authority = authorityOf({ host: "127.0.0.1", port: 4653, secure: false }, "https://Holdall.example");
  expect(authority.canonical).toBe("https://holdall.example");
  expect([...authority.origins.keys()]).toEqual(["holdall.example", "holdall.example:443"]);
});

test("only this machine is loopback", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) expect(isLoopback(host)).toBe(true);
  for (const host of ["127.0.0.1.evil.example", "10.0.0.1", "::", "localhost.evil.example", ""]) {
    expect(isLoopback(host)).toBe(false);
  }
});
