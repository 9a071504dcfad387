import { expect, test } from "vitest";
import { judgeRestored, type Restored } from "./chromium-restored.ts";

/** A folder "a:b" with a file, a name that is no UTF-8, and a link. */
function faultless(): Restored {
  return {
    contents: new Map([
      ["a:b", "folder"],
      ["a:b/file", "hash 1"],
      ["latin \xe9", "hash 2"],
      ["plain", "hash 3"],
    ]),
    specials: ["link"],
    found: new Map([
      ["a%3Ab", "folder"],
      ["a%3Ab/file", "hash 1"],
      ["latin %E9", "hash 2"],
      ["plain", "hash 3"],
    ]),
    report: {
      files: 3,
      folders: 1,
      renamed: [
        { path: "a:b", says: "written as a%3Ab" },
        { path: "latin \ufffd", says: "written as latin %E9" },
      ],
      skipped: [{ path: "link", says: "Link" }],
      failures: [],
    },
  };
}

test("a restore that is right, and says what it changed, is accepted", () => {
  expect(judgeRestored(faultless())).toEqual([]);
});

test.each<[string, (restored: Restored) => unknown, RegExp]>([
  ["a file that is missing", ({ found }) => (found as Map<string, string>).delete("plain"), /hash 3 expected, nothing/],
  ["other bytes", ({ found }) => (found as Map<string, string>).set("plain", "hash 4"), /hash 3 expected, hash 4/],
  ["a file too many", ({ found }) => (found as Map<string, string>).set("more", "hash 5"), /not expected/],
  ["a name that changed without a line", ({ report }) => report.renamed.pop(), /latin/],
  ["a line that is not true", ({ report }) => report.renamed.splice(1, 1, line("latin \ufffd", "other")), /other/],
  ["a line about nothing", ({ report }) => report.renamed.push(line("nothing", "no%74hing")), /without need/],
  ["a line about the same name", ({ report }) => report.renamed.push(line("plain", "plain")), /without need/],
  ["two lines about one name", ({ report }) => report.renamed.push(line("a:b", "a%3Ab")), /one name/],
  ["a link left out without a line", ({ report }) => report.skipped.pop(), /left out: , expected: link/],
  ["a file that was not restored", ({ report }) => report.failures.push({ path: "plain", says: "no" }), /plain: no/],
  ["figures that are not true", ({ report }) => (report.files = 2), /2 files and 1 folders are said/],
])("%s is noticed", (_, spoil, words) => {
  const restored = faultless();
  spoil(restored);
  expect(judgeRestored(restored).join("\n")).toMatch(words);
});

function line(path: string, writtenAs: string) {
  return { path, says: `written as ${writtenAs}` };
}
