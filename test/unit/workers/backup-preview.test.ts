import { expect, test } from "vitest";
import { noRules } from "../../../src/core/archiver/backup-rules.ts";
import { previewBackup } from "../../../src/workers/backup-preview.ts";
import type { BackupPreview, BackupSource } from "../../../src/workers/repository-api.ts";
import { MemoryFolder } from "../../support/memory-folder.ts";

const { signal } = new AbortController();
const file = (size: number) => ({ bytes: new Uint8Array(size), modifiedMs: 0 });
const folder = new MemoryFolder({ "ä.txt": file(3), "b.tmp": file(1), sub: { c: file(4) } });
const source: BackupSource = {
  rootName: "Dokumente ä",
  folder: { kind: "files", files: [], emptyFolders: [] },
  addsToParent: false,
};

test("a preview tells what a backup would include, with names for people", async () => {
  const told: BackupPreview[] = [];
  const request = { sources: [source], rules: { ...noRules, exclude: ["/Dokumente ä/*.tmp"] } };
  const ports = { sourceFolderOf: () => folder };
  const preview = await previewBackup(ports, request, signal, (progress) => told.push(progress));
  expect(preview).toEqual({
    files: 2,
    bytes: 7,
    excludedFiles: 1,
    excludedFolders: 0,
    folders: [
      { path: ["Dokumente ä"], files: 2, bytes: 7 },
      { path: ["Dokumente ä", "sub"], files: 1, bytes: 4 },
    ],
    excluded: [{ path: ["Dokumente ä", "b.tmp"], isFolder: false, bytes: null, reason: "pattern" }],
    failures: [],
    complete: true,
  });
  expect(told.at(-1)).toEqual(preview);
});

test("a preview gives its folders back, however it ends", async () => {
  let closed = 0;
  const ports = { sourceFolderOf: () => Object.assign(new MemoryFolder({}), { close: () => closed++ }) };
  const request = { sources: [source], rules: noRules };
  await previewBackup(ports, request, signal, () => {});
  expect(closed).toBe(1);
  const aborted = AbortSignal.abort(new Error("cancelled"));
  await expect(previewBackup(ports, request, aborted, () => {})).rejects.toThrow("cancelled");
  expect(closed).toBe(2);
});

test("a preview with a malformed pattern names it and looks at nothing", async () => {
  const ports = {
    sourceFolderOf: () => {
      throw new Error("the folder was looked at");
    },
  };
  const request = { sources: [source], rules: { ...noRules, exclude: ["["] } };
  await expect(previewBackup(ports, request, signal, () => {})).rejects.toMatchObject({
    code: "pattern-malformed",
    context: { pattern: "[" },
  });
});
