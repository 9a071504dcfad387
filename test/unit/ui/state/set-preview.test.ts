import { expect, test } from "vitest";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { RuleFields } from "../../../../src/ui/state/rule-fields.svelte.ts";
import { SetPreview } from "../../../../src/ui/state/set-preview.svelte.ts";
import type { BackupPreview, PreviewFolder } from "../../../../src/workers/repository-api.ts";
import { backupSet } from "../../../support/backup-set.ts";

const { rules } = backupSet();

function previewOf(folders: Record<string, [number, number]>, changes: Partial<BackupPreview> = {}): BackupPreview {
  const listed = Object.entries(folders).map(([path, [files, bytes]]): PreviewFolder => {
    return { path: path.split("/"), files, bytes };
  });
  return {
    files: 0,
    bytes: 0,
    excludedFiles: 0,
    excludedFolders: 0,
    folders: listed,
    excluded: [],
    failures: [],
    complete: true,
    ...changes,
  };
}

test("a preview is a tree, largest first, with what is directly in a folder told apart", async () => {
  const seen = previewOf({ "a/small": [1, 10], a: [5, 150], "a/large": [2, 100], b: [9, 900], "a/large/x": [2, 100] });
  const preview = new SetPreview({ previewBackup: async () => seen });
  await preview.look([], rules);
  expect(preview.roots.map(({ path }) => path)).toEqual([["b"], ["a"]]);
  const [, a] = preview.roots;
  expect(a?.folders.map(({ path }) => path.at(-1))).toEqual(["large", "small"]);
  expect(a).toMatchObject({ looseFiles: 2, looseBytes: 40 });
  expect(a?.folders[0]?.folders[0]).toMatchObject({ files: 2, looseFiles: 2 });
});

test("a folder whose parent is not among the largest stands by itself", async () => {
  const preview = new SetPreview({ previewBackup: async () => previewOf({ a: [1, 1], "b/c": [2, 2] }) });
  await preview.look([], rules);
  expect(preview.roots.map(({ path }) => path)).toEqual([["b", "c"], ["a"]]);
});

test("what a folder held is remembered when it is left out", async () => {
  let seen = previewOf({ a: [3, 30], "a/b": [2, 20] });
  const preview = new SetPreview({ previewBackup: async () => seen });
  await preview.look([], rules);
  seen = previewOf(
    { a: [1, 10] },
    { excluded: [{ path: ["a", "b"], isFolder: true, bytes: null, reason: "pattern" }] },
  );
  await preview.look([], { ...rules, exclude: ["/a/b"] });
  expect(preview.lastSeen(["a", "b"])).toMatchObject({ files: 2, bytes: 20 });
  expect(preview.reasons).toEqual([["pattern", 1]]);
});

test("a failure is shown, a stopped look is none, and a later look wins", async () => {
  const answers: ((preview: BackupPreview) => void)[] = [];
  const preview = new SetPreview({
    previewBackup: (_about, context) =>
      new Promise((resolve, reject) => {
        answers.push(resolve);
        context?.signal?.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
      }),
  });
  const first = preview.look([], rules);
  const second = preview.look([], rules);
  answers[1]?.(previewOf({ b: [1, 1] }));
  await Promise.all([first, second]);
  expect(preview.roots.map(({ path }) => path[0])).toEqual(["b"]);
  expect(preview.failure).toBeNull();
  const third = preview.look([], rules);
  preview.stop();
  await third;
  expect([preview.looking, preview.failure]).toEqual([false, null]);
  const failing = new SetPreview({
    previewBackup: async () => {
      throw new HoldallError("source-unreadable");
    },
  });
  await failing.look([], rules);
  expect(failing.failure?.code).toBe("source-unreadable");
});

test("unticking writes the pattern of that one folder, ticking takes it away, and nothing else changes", () => {
  const fields = new RuleFields({ ...rules, exclude: ["*.iso"] });
  fields.exclude += "# a remark\n";
  fields.leaveOut(["Documents", "Old [2019]"]);
  expect(fields.rules.exclude).toEqual(["*.iso", "/Documents/Old \\[2019]"]);
  expect(fields.isLeftOut(["Documents", "Old [2019]"])).toBe(true);
  fields.takeIn(["Documents", "Old [2019]"]);
  expect(fields.exclude).toBe("*.iso\n# a remark\n");
});

test("an exclude file adds its patterns once, and none of its remarks", () => {
  const fields = new RuleFields({ ...rules, exclude: ["*.iso"] });
  fields.addLines(["*.iso", "*.tmp"]);
  expect(fields.rules.exclude).toEqual(["*.iso", "*.tmp"]);
});
