import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePattern } from "../../../src/core/archiver/pattern.ts";
import { PatternList } from "../../../src/core/archiver/pattern-list.ts";
import { rawNameOf } from "../../../src/core/base/raw-name.ts";
import { hitName, listedPattern, plainPattern } from "../../support/random-patterns.ts";
import { referenceExcludes, referenceMatches } from "../../support/reference-filter.ts";

const path = fc.array(hitName, { minLength: 1, maxLength: 6 });
const runs = { numRuns: 4000 };

test("a pattern matches what restic's filter matches", () => {
  fc.assert(
    fc.property(plainPattern, path, (text, names) => {
      expect(parsePattern(text).matches(names)).toBe(referenceMatches(text, `/${names.join("/")}`));
    }),
    runs,
  );
});

test("what is asked folder by folder is what is asked path by path", () => {
  fc.assert(
    fc.property(plainPattern, path, hitName, (text, folder, last) => {
      const parsed = parsePattern(text);
      const matcher = parsed.inFolder(folder);
      const inFolder = typeof matcher === "boolean" ? matcher : matcher(last);
      expect(inFolder).toBe(parsed.matches([...folder, last]));
    }),
    runs,
  );
});

test("a list leaves out of a walk what restic's does", () => {
  fc.assert(
    fc.property(fc.array(listedPattern, { maxLength: 5 }), path, (texts, below) => {
      const list = PatternList.parse(texts);
      const names = ["root", ...below].map(rawNameOf);
      let isExcluded = false;
      for (let length = 1; length < names.length && !isExcluded; length++) {
        const matcher = list.inFolder(names.slice(0, length));
        isExcluded = typeof matcher === "boolean" ? matcher : matcher(names[length] ?? "");
        expect(list.matches(names.slice(0, length + 1))).toBe(isExcluded);
      }
      expect(isExcluded).toBe(referenceExcludes(texts, `/${names.join("/")}`));
    }),
    runs,
  );
});
