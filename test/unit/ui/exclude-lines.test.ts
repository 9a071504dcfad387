import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePattern } from "../../../src/core/archiver/pattern.ts";
import { patternOfPath, patternProblem, patternsOf, withLines, withoutLine } from "../../../src/ui/exclude-lines.ts";

test("a text gives its patterns in order, without comments, empty lines and the spaces around", () => {
  expect(patternsOf("# caches\r\n *.tmp \n\n!keep.tmp\n\t#not this\n/Documents/a b\n")).toEqual([
    "*.tmp",
    "!keep.tmp",
    "/Documents/a b",
  ]);
});

test("lines are added once, on lines of their own, and taken away wherever they stand", () => {
  const text = withLines("*.tmp", ["*.iso", "*.tmp"]);
  expect(text).toBe("*.tmp\n*.iso\n");
  expect(withLines(text, ["*.iso"])).toBe(text);
  expect(withoutLine("*.iso\n# note\n *.iso \nb\n", "*.iso")).toBe("# note\nb\n");
});

test("what a class or a backslash lacks is told", () => {
  const problems = {
    "photo[0-9": "bracket",
    "a/[": "bracket",
    "[a/b]": "bracket",
    "[]a]": "class",
    "[^]": "class",
    "[a-]": "class",
    "[-a]": "class",
    "end\\": "backslash",
    "[a\\": "bracket",
    "!": "nothing",
  };
  for (const [pattern, problem] of Object.entries(problems)) expect(patternProblem(pattern), pattern).toBe(problem);
  for (const fine of ["*.iso", "[a-z]?", "[^a]", "[\\]]", "a]b", "\\[a", "!/Documents/**", "**", "{a,b}", "[a*]"])
    expect(patternProblem(fine), fine).toBeNull();
});

test("a pattern is called malformed exactly if a run would refuse it", () => {
  const pattern = fc.string({ unit: fc.constantFrom(..."ab/[]^-\\\\*?!."), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(pattern, (text) => {
      fc.pre(text !== "!");
      expect(patternProblem(text) !== null, text).toBe(isRefused(text));
    }),
    { numRuns: 5000 },
  );
});

function isRefused(pattern: string): boolean {
  try {
    parsePattern(pattern);
    return false;
  } catch {
    return true;
  }
}

test("a path's pattern has no wildcard left, is one line, and survives the text", () => {
  expect(patternOfPath(["Documents", "Old [2019]", "a*b?c\\d"])).toBe("/Documents/Old \\[2019]/a\\*b\\?c\\\\d");
  expect(patternOfPath(["a ", "b\nc", "ends "])).toBe("/a[ ]/b?c/ends[ ]");
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => !text.includes("/"));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (path) => {
      const pattern = patternOfPath(path);
      expect(patternProblem(pattern)).toBeNull();
      expect(patternsOf(withLines("# first\n", [pattern]))).toEqual([pattern]);
    }),
  );
});
