import { describe, expect, test } from "vitest";
import { type RawName, rawNameOf, rawNameOfBytes } from "../../../../src/core/base/raw-name.ts";
import { FolderNames, isRenamed, portableNames } from "../../../../src/core/restorer/name-policy.ts";

describe("names for a picked folder", () => {
  test.each([
    ["letter.txt", "letter.txt"],
    [".profile", ".profile"],
    ["日本語 😀", "日本語 😀"],
    ["a:b", "a%3Ab"],
    ["a*b?", "a%2Ab%3F"],
    ["back\\slash", "back%5Cslash"],
    ["new\nline", "new%0Aline"],
    ["dot.", "dot%2E"],
    ["blank ", "blank%20"],
    ["CON", "%43ON"],
    ["nul.txt", "%6Eul.txt"],
    ["console", "console"],
    ["link.lnk", "link%2Elnk"],
    ["desktop.ini", "%64esktop.ini"],
  ])("%j is written as %j", (name, written) => {
    expect(portableNames(rawNameOf(name))).toBe(written);
  });

  test("bytes that are no UTF-8 are written as %XX", () => {
    expect(portableNames(rawNameOfBytes(new Uint8Array([0x61, 0xff, 0xe9])))).toBe("a%FF%E9");
  });

  test("a name with a real U+FFFD stays", () => {
    expect(portableNames(rawNameOf("a\ufffdb"))).toBe("a\ufffdb");
  });

  test("a name too long for the file system is cut and marked", () => {
    const written = portableNames(rawNameOf("ä".repeat(200)));
    expect(rawNameOf(written).length).toBeLessThanOrEqual(240);
    expect(written.endsWith("…")).toBe(true);
  });

  test("two names that would be one get a number", () => {
    const names = new FolderNames(portableNames);
    expect([names.nameFor(rawNameOf("a%3Ab.txt")), names.nameFor(rawNameOf("a:b.txt"))]).toEqual([
      "a%3Ab.txt",
      "a%3Ab (2).txt",
    ]);
  });

  test("a name counts as renamed only if people would see another one", () => {
    expect(isRenamed(rawNameOf("ä"), "ä")).toBe(false);
    expect(isRenamed(rawNameOf("a:b"), "a%3Ab")).toBe(true);
    expect(isRenamed("\xff" as RawName, "\xff")).toBe(false);
  });
});
