import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddress, placeOf } from "../../../src/ui/address.ts";

test("understands what people paste", () => {
  const meant = { url: "https://nas.home:8000/photos/", login: null };
  for (const text of [
    "https://nas.home:8000/photos/",
    "https://nas.home:8000/photos",
    "rest:https://nas.home:8000/photos",
    "  REST:https://nas.home:8000/photos ",
    '"rest:https://nas.home:8000/photos/"',
    "nas.home:8000/photos",
    "//nas.home:8000/photos",
  ]) {
    expect(parseAddress(text), text).toEqual(meant);
  }
});

test("without a scheme it is https, but http on this computer", () => {
  expect(parseAddress("localhost:8000/a")?.url).toBe("http://localhost:8000/a/");
  expect(parseAddress("127.0.0.1:8000/a")?.url).toBe("http://127.0.0.1:8000/a/");
  expect(parseAddress("me:pw@localhost:8000/a")?.url).toBe("http://localhost:8000/a/");
  expect(parseAddress("localhost.evil.example/a")?.url).toBe("https://localhost.evil.example/a/");
});

test("a login is taken out of the URL and decoded", () => {
  expect(parseAddress("rest:https://me:p%40ss%3A@nas.home/photos")).toEqual({
    url: "https://nas.home/photos/",
    login: { username: "me", password: "p@ss:" },
  });
});

test("no URL that comes out holds any part of the login", () => {
  const secret = fc.string({ unit: fc.constantFrom(..."QZJXKV"), minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(secret, secret, (username, password) => {
      const parsed = parseAddress(`rest:https://${username}:${password}@nas.home/x`);
      expect(parsed?.login).toEqual({ username, password });
      expect(parsed?.url).toBe("https://nas.home/x/");
    }),
    { numRuns: 100 },
  );
});

test("a stray percent sign in a password is itself", () => {
  expect(parseAddress("https://me:100%@nas.home/")?.login?.password).toBe("100%");
});

test("what is no address of a server is null", () => {
  for (const text of [
    "",
    "   ",
    "s3:https://x/y",
    "sftp://host/x",
    "two words",
    "https://",
    "javascript:alert(1)",
    "https://nas.home/x?y=1",
  ]) {
    expect(parseAddress(text), text).toBeNull();
  }
});

test("a place is named by its last folder", () => {
  expect(placeOf("https://nas.home:8000/repos/my%20photos/")).toEqual({ name: "my photos", host: "nas.home:8000" });
  expect(placeOf("https://nas.home/")).toEqual({ name: "nas.home", host: "" });
});
