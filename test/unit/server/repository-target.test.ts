import { expect, test } from "vitest";
import { parseRepositoryTarget } from "../../../src/server/repository-target.ts";

const id = "0123456789abcdef".repeat(4);
const hosted = { minimum: 1, maximum: 2 };
const parse = (path: string) => parseRepositoryTarget(path.split("/"), hosted);

test("names one or two folders, then a file, a listing, or nothing", () => {
  expect(parse("a/")).toEqual({ kind: "repository", repository: ["a"] });
  expect(parse("a/b/")).toEqual({ kind: "repository", repository: ["a", "b"] });
  expect(parse("a/config")).toEqual({ kind: "file", repository: ["a"], file: { type: "config" } });
  expect(parse("a/b/locks/")).toEqual({ kind: "listing", repository: ["a", "b"], type: "locks" });
  expect(parse(`Müller's photos/data/${id}`)).toEqual({
    kind: "file",
    repository: ["Müller's photos"],
    file: { type: "data", id },
  });
});

test.each([
  "",
  "a",
  "a/b",
  "a/b/c/",
  "config",
  "data/",
  `data/${id}`,
  "a/data",
  "a/config/",
  "a/data/x",
  "a/data/data/",
  "a/b/pack/",
  `a/data/${id}/`,
  `a/data/${id.toUpperCase()}`,
  `a/data/${id}0`,
  `a/keys/${id.slice(1)}g`,
  ".htpasswd/",
  "a/.git/",
  "a:b/",
  "a*/",
  "x./",
  "x /",
  "a\u202eb/",
  "a\nb/",
  `${"x".repeat(256)}/`,
])("%j does not exist", (path) => {
  expect(parse(path)).toBeUndefined();
});
