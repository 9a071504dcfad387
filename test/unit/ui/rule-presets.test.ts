import { describe, expect, test } from "vitest";
import { PatternList } from "../../../src/core/archiver/pattern-list.ts";
import { rawNameOf } from "../../../src/core/base/raw-name.ts";
import { type RulePresetId, rulePresets } from "../../../src/ui/rule-presets.ts";
import { rulePresetText } from "../../../src/ui/text/rule-presets.ts";

function preset(id: RulePresetId) {
  const found = rulePresets.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no preset ${id}`);
  return found;
}

/** As a walk comes to it: a path goes with any folder above it below the root. */
function leavesOut(patterns: readonly string[], path: string): boolean {
  const list = PatternList.parse(patterns);
  const names = path.split("/").slice(1).map(rawNameOf);
  return names.some((_, i) => i > 0 && list.matches(names.slice(0, i + 1)));
}

describe("presets", () => {
  test.each<[RulePresetId, string]>([
    ["builds", "/home/project/node_modules/x/index.js"],
    ["builds", "/home/project/src/__pycache__/a.pyc"],
    ["builds", "/home/project/.venv/bin/python"],
    ["builds", "/home/project/target/debug/deps/x.rlib"],
    ["builds", "/home/.gradle/caches/modules-2/x"],
    ["caches", "/home/.cache/something"],
    ["caches", "/anna/Library/Caches/com.apple.Safari/x"],
    ["caches", "/home/.config/chromium/Default/Code Cache/js/x"],
    ["caches", "/home/.mozilla/firefox/x.default/cache2/entries/x"],
    ["thumbnails", "/Pictures/Thumbs.db"],
    ["thumbnails", "/Pictures/thumbs.db"],
    ["thumbnails", "/DCIM/.thumbnails/1.jpg"],
    ["temporary", "/disk/$RECYCLE.BIN/S-1-5/x.txt"],
    ["temporary", "/disk/.Trash-1000/files/x"],
    ["temporary", "/Documents/~$letter.docx"],
    ["temporary", "/Documents/.~lock.letter.odt#"],
    ["litter", "/Documents/.DS_Store"],
    ["litter", "/Documents/deep/Desktop.ini"],
  ])("%s leaves out %s", (id, path) => expect(leavesOut(preset(id).patterns, path)).toBe(true));

  test.each([
    "/Documents/target/plan.txt",
    "/Documents/build/house.pdf",
    "/Documents/dist/map.png",
    "/Documents/Cache/finds.txt",
    "/Documents/env/report.txt",
    "/Documents/tmp/note.txt",
    "/Documents/Trash/poem.txt",
    "/home/.gradle/gradle.properties",
    "/home/.cargo/credentials.toml",
    "/home/.m2/repository/own/own.jar",
    "/home/.npm/notes",
    "/home/.config/chromium/Default/Bookmarks",
    "/home/.config/chromium/Default/History",
    "/home/.mozilla/firefox/x.default/places.sqlite",
    "/Pictures/thumbs/1.jpg",
    "/Documents/letter.part",
    "/Documents/._letter",
    "/Documents/letter.swp",
    "/Documents/letter.bak",
    "/Documents/letter~",
  ])("none of them leaves out %s", (path) => {
    const all = rulePresets.flatMap(({ patterns }) => patterns);
    expect(leavesOut(all, path)).toBe(false);
  });

  test("have an id, a name and patterns of their own, none of them twice", () => {
    expect(new Set(rulePresets.map(({ id }) => id))).toEqual(new Set(Object.keys(rulePresetText)));
    for (const { id, patterns } of rulePresets) expect(new Set(patterns).size, id).toBe(patterns.length);
  });
});
