import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type BuiltScript, holdBudget, measureFirstScreen } from "../../../src/server/first-screen.ts";

function script(fileName: string, imports: string[] = [], isEntry = false): BuiltScript {
  return {
    fileName,
    imports,
    isEntry,
    code: `export const ${fileName.replace(".js", "")} = "${fileName.repeat(50)}";`,
  };
}

const namesOf = (scripts: BuiltScript[]) => measureFirstScreen(scripts).scripts.map(({ fileName }) => fileName);

test("the entry counts with all that it imports statically, each once, and with nothing else", () => {
  const built = [
    script("later.js", ["shared.js"]),
    script("entry.js", ["shared.js", "first.js"], true),
    script("first.js", ["deep.js", "shared.js"]),
    script("shared.js"),
    script("deep.js", ["first.js"]),
  ];
  expect(namesOf(built).sort()).toEqual(["deep.js", "entry.js", "first.js", "shared.js"]);
});

test("scripts are measured as they travel", () => {
  const entry = script("entry.js", [], true);
  const { gzippedBytes } = measureFirstScreen([entry, script("later.js")]);
  expect(gzippedBytes).toBe(gzipSync(entry.code, { level: 9 }).length);
});

test("a build that cannot be measured is no small one", () => {
  expect(() => measureFirstScreen([script("later.js")])).toThrow("no entry");
  expect(() => measureFirstScreen([script("entry.js", ["gone.js"], true)])).toThrow("gone.js");
});

test("the budget is held to the byte, and what is over it is named", () => {
  const screen = measureFirstScreen([script("entry.js", ["first.js"], true), script("first.js")]);
  expect(holdBudget(screen, screen.gzippedBytes)).toMatch(/^first screen: 0\.\d KB of JavaScript/);
  expect(() => holdBudget(screen, screen.gzippedBytes - 1)).toThrow(/entry\.js.*\n.*first\.js/);
});
