import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRequestTarget } from "../../../src/server/request-target.ts";

test("a path is split at its slashes and each part decoded once", () => {
  expect(parseRequestTarget("/")).toEqual({ segments: [""], query: "" });
  expect(parseRequestTarget("/repos/a%20b/%2565/?create=true&x=?")).toEqual({
    segments: ["repos", "a b", "%65", ""],
    query: "create=true&x=?",
  });
});

test.each([
  "",
  "*",
  "http://127.0.0.1/",
  "//etc",
  "/a//b",
  "/../etc",
  "/a/..",
  "/a/./b",
  "/%2e%2e/etc",
  "/a/%2E",
  "/x%2e",
  "/a%2fb",
  "/a%5cb",
  "/a\\b",
  "/a%00b",
  "/a%0ab",
  "/a%7f",
  "/%",
  "/%zz",
  "/%ff",
  "/a#b",
  "/a b",
  "/\u00e4",
])("%j is not a path of this server", (raw) => {
  expect(parseRequestTarget(raw)).toBeUndefined();
});

test("no target, however odd, gives a segment that is a dot folder or holds a slash", () => {
  const odd = fc.array(
    fc.constantFrom("/", ".", "%", "2", "e", "E", "f", "5", "c", "a", "\\", "?", "%2e", "%252e", "%25"),
  );
  fc.assert(
    fc.property(odd, (parts) => {
      const target = parseRequestTarget(`/${parts.join("")}`);
      for (const segment of target?.segments ?? []) {
        expect(segment).not.toMatch(/[/\\]/);
        expect([".", ".."]).not.toContain(segment);
      }
    }),
    { numRuns: 2000 },
  );
});
