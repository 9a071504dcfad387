import { describe, expect, test } from "vitest";
import { parsePattern } from "../../../../src/core/archiver/pattern.ts";
import { PatternList } from "../../../../src/core/archiver/pattern-list.ts";
import { rawNameOf, rawNameOfBytes } from "../../../../src/core/base/raw-name.ts";

function matches(pattern: string, path: string): boolean {
  const names = path.split("/").slice(1).map(rawNameOf);
  return parsePattern(pattern).matches(names);
}

describe("a pattern", () => {
  test.each([
    ["a/b", "/x/a/b/z"],
    ["/x", "/x/a"],
    ["//x/./y/../a/", "/x/a/b"],
    ["*.txt", "/x/.txt"],
    ["foo/**", "/foo"],
    ["foo/**/q", "/foo/q"],
    ["/", "/anything"],
    ["/..", "/anything"],
    ["[^a]", "/ä"],
    ["?", "/\u{1f600}"],
    ["a\\*b", "/a*b"],
    ["[\\]-a]", "/^"],
  ])("%s matches %s", (pattern, path) => expect(matches(pattern, path)).toBe(true));

  test.each([
    ["/a", "/x/a"],
    ["a", "/ab"],
    ["A", "/a"],
    ["../a", "/a"],
    ["", "/a"],
    ["[c-a]", "/b"],
    ["é", "/e\u0301"],
    ["a?b", "/a/b"],
  ])("%s does not match %s", (pattern, path) => expect(matches(pattern, path)).toBe(false));

  test("that ends with the second ** of an absolute path wants a name for it, as restic does", () => {
    expect(matches("/**/a/**", "/x/a")).toBe(false);
    expect(matches("/**/a/**", "/x/a/y")).toBe(true);
    expect(matches("/**/a/**", "/a/y")).toBe(true);
  });

  test.each(["[", "[a", "[]", "[]a]", "[^]", "[a-]", "[-a]", "a\\", "x/[z", "*a*[", "[a/b]", "a\\/b", "!["])(
    "%s is malformed",
    (pattern) => {
      const parse = () => PatternList.parse(["fine", pattern]);
      expect(parse).toThrow(
        expect.objectContaining({ code: "pattern-malformed", context: { pattern, reason: "syntax" } }),
      );
    },
  );

  test("reads a byte that is not UTF-8 as one character, and after a star every byte as the beginning of one", () => {
    const pattern = parsePattern("a?b");
    expect(pattern.matches([rawNameOfBytes(Uint8Array.of(0x61, 0xff, 0x62))])).toBe(true);
    expect(pattern.matches([rawNameOfBytes(Uint8Array.of(0x61, 0xc3, 0xa4, 0x62))])).toBe(true);
    expect(pattern.matches([rawNameOfBytes(Uint8Array.of(0x61, 0xff, 0xff, 0x62))])).toBe(false);
    expect(matches("*[\ufffd]", "/ä")).toBe(true);
    expect(matches("[\ufffd]", "/ä")).toBe(false);
  });
});

describe("a list", () => {
  const matchesList = (patterns: string[], path: string, ignoresCase = false) =>
    PatternList.parse(patterns, { ignoresCase }).matches(path.split("/").slice(1).map(rawNameOf));

  test("brings back what an earlier pattern has left out, and not what a later one does", () => {
    expect(matchesList(["*.txt", "!keep.txt"], "/keep.txt")).toBe(false);
    expect(matchesList(["!keep.txt", "*.txt"], "/keep.txt")).toBe(true);
    expect(matchesList(["*.txt", "!keep.txt", "k*"], "/keep.txt")).toBe(true);
  });

  test("leaves out empty patterns", () => expect(matchesList(["", "a"], "/b")).toBe(false));

  test("ignores case letter by letter", () => {
    expect(matchesList(["ÄPFEL"], "/äpfel", true)).toBe(true);
    expect(matchesList(["ΟΔΟΣ"], "/ΟΔΟΣ", true)).toBe(true);
    expect(matchesList(["οδοσ"], "/ΟΔΟΣ", true)).toBe(true);
    expect(matchesList(["οδος"], "/ΟΔΟΣ", true)).toBe(false);
    expect(matchesList(["ix"], "/İX", true)).toBe(true);
  });
});

describe("matching", () => {
  /** Of the processor's time: what grows exponentially never ends. */
  const limitMs = 2000;

  test.each([
    ["stars in a name", `${"*a".repeat(30)}*b`, `/${"a".repeat(250)}`],
    ["stars and classes in a name", `${"*[ab]?".repeat(20)}*c`, `/${"ab".repeat(120)}`],
    ["double stars", `/${"**/a/".repeat(20)}b`, "/a".repeat(500)],
    ["double stars that may begin anywhere", `a/${"**/a/".repeat(20)}b`, "/a".repeat(500)],
    ["double stars one after the other", "**/".repeat(100).slice(0, -1), "/a".repeat(90)],
  ])("%s takes no exponential time", (_, pattern, path) => {
    const started = process.cpuUsage();
    expect(matches(pattern, path)).toBe(false);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(limitMs);
  });

  test("20 patterns against 100,000 entries take well under a second", () => {
    const patterns = ["node_modules", "*.tmp", "*.bak", "~*", "/Documents/old", "**/cache/**", "a/b", "[Tt]humbs.db"];
    while (patterns.length < 20) patterns.push(`*.ext${patterns.length}`);
    patterns.push("!*.keep");
    const list = PatternList.parse(patterns);
    const folders = Array.from({ length: 1000 }, (_, i) =>
      ["Documents", "deep", "deeper", `folder ${i}`].map(rawNameOf),
    );
    const names = Array.from({ length: 100 }, (_, i) =>
      rawNameOf(`picture number ${i}.${i % 10 === 0 ? "tmp" : "jpeg"}`),
    );
    let excluded = 0;
    const started = process.cpuUsage();
    for (const folder of folders) {
      const matcher = list.inFolder(folder);
      for (const name of names) if (typeof matcher === "boolean" ? matcher : matcher(name)) excluded++;
    }
    const tookMs = process.cpuUsage(started).user / 1000;
    expect(excluded).toBe(10_000);
    expect(tookMs).toBeLessThan(1000);
  });
});
