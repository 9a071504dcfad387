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
    // What Chromium refuses beyond that: format characters (also those inside joined emoji), noncharacters, odd beginnings and ends.
    ["zero-width\u200bspace", "zero-width%E2%80%8Bspace"],
    ["\u{1f468}\u200d\u{1f469}.jpg", "\u{1f468}%E2%80%8D\u{1f469}.jpg"],
    ["\ufeffmark", "%EF%BB%BFmark"],
    ["soft\u00adhyphen", "soft%C2%ADhyphen"],
    ["\u0080control", "%C2%80control"],
    ["tag \u{e0041}", "tag %F3%A0%81%81"],
    ["noncharacter \uffff", "noncharacter %EF%BF%BF"],
    [" leading", "%20leading"],
    ["\u3000leading", "%E3%80%80leading"],
    ["~$letter.docx", "%7E$letter.docx"],
    [".~lock.letter#", ".%7Elock.letter#"],
    ["..two dots", ".%2Etwo dots"],
    ["...", ".%2E%2E"],
    ["~", "%7E"],
    ["a..b ~ .c", "a..b ~ .c"],
    ["letter.txt~", "letter.txt%7E"],
    ["no-break at the end\u00a0", "no-break at the end%C2%A0"],
    ["clock$.txt", "%63lock$.txt"],
    ["x.{21ec2020-3aea-1069-a2dd-08002b30309d}", "x%2E{21ec2020-3aea-1069-a2dd-08002b30309d}"],
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
    const names = new FolderNames(portableNames, "exact");
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
