import { describe, expect, test } from "vitest";
import { type BackupRules, noRules } from "../../../../src/core/archiver/backup-rules.ts";
import { compileRules } from "../../../../src/core/archiver/rule-selection.ts";
import { Scanner } from "../../../../src/core/archiver/scanner.ts";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import type { SourceEntry, SourceFolder } from "../../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";

function file(size: number) {
  return { bytes: new Uint8Array(size), modifiedMs: 0 };
}

function scannerOf(folders: Record<string, SourceFolder>, rules: Partial<BackupRules> = {}): Scanner {
  const sources = Object.entries(folders).map(([name, folder]) => ({ rootName: rawNameOf(name), folder }));
  return new Scanner(sources, compileRules({ ...noRules, ...rules }));
}

async function scan(tree: MemoryTree, rules: Partial<BackupRules> = {}): Promise<Scanner> {
  const scanner = scannerOf({ r: new MemoryFolder(tree) }, rules);
  await scanner.run(new AbortController().signal);
  return scanner;
}

function foldersOf(scanner: Scanner): [string, number, number][] {
  return scanner.folders.map(({ path, files, bytes }) => [path.join("/"), files, bytes]);
}

/** A folder whose entries are counted as they are listed; it can be held up, and can fail. */
function folderOf(entries: () => Iterable<SourceEntry>): SourceFolder {
  return {
    async *entries() {
      yield* entries();
    },
  };
}

function entryOf(name: string, size: number, onOpened: () => void = () => {}): SourceEntry {
  const open = async () => {
    onOpened();
    return { size, modifiedMs: 0, blob: new Blob([]) };
  };
  return { kind: "file", name: rawNameOf(name), open };
}

describe("a look ahead", () => {
  test("sums up folders down to the third below a root, with all that is deeper", async () => {
    const scanner = await scan({ a: { b: { c: { d: { e: file(1) }, f: file(2) } }, g: file(4) }, h: {}, i: file(8) });
    expect(foldersOf(scanner)).toEqual([
      ["r", 4, 15],
      ["r/a", 3, 7],
      ["r/a/b", 2, 3],
      ["r/a/b/c", 2, 3],
      ["r/h", 0, 0],
    ]);
    expect(scanner).toMatchObject({ files: 4, bytes: 15, excludedFiles: 0, excludedFolders: 0, isComplete: true });
  });

  test("tells what is left out and why, and counts none of it", async () => {
    const tree = { node_modules: { x: file(100) }, "a.tmp": file(7), big: file(50), b: { NO: file(1), c: file(2) } };
    const scanner = await scan(tree, {
      exclude: ["node_modules", "*.tmp"],
      excludeLargerThanBytes: 49,
      excludeIfPresent: [{ name: "NO", header: "" }],
    });
    expect(scanner).toMatchObject({ files: 1, bytes: 1, excludedFiles: 3, excludedFolders: 1 });
    expect(scanner.excluded).toEqual([
      { path: ["r", "node_modules"], kind: "folder", sizeBytes: null, reason: "pattern" },
      { path: ["r", "a.tmp"], kind: "file", sizeBytes: null, reason: "pattern" },
      { path: ["r", "big"], kind: "file", sizeBytes: 50, reason: "size" },
      { path: ["r", "b", "c"], kind: "file", sizeBytes: null, reason: "marker" },
    ]);
  });

  test("goes on without what cannot be read, be it a whole source", async () => {
    const broken = folderOf(() => {
      throw new DOMException("gone", "NotFoundError");
    });
    const unreadable: SourceEntry = {
      kind: "file",
      name: rawNameOf("x"),
      open: () => Promise.reject(new DOMException("no", "NotReadableError")),
    };
    const scanner = scannerOf({ gone: broken, here: folderOf(() => [unreadable, entryOf("y", 3)]) });
    await scanner.run(new AbortController().signal);
    expect(scanner).toMatchObject({ files: 1, bytes: 3, isComplete: true });
    expect(scanner.failures.map(({ path }) => path.join("/"))).toEqual(["gone", "here/x"]);
  });

  test("shows folders while they are still being read", async () => {
    const { promise: held, resolve: go } = promiseOf();
    const slow: SourceFolder = {
      async *entries() {
        yield entryOf("later", 10);
        await held;
      },
    };
    const reached = promiseOf();
    const opened = entryOf("now", 5, reached.resolve);
    const scanner = scannerOf({
      r: folderOf(() => [opened, { kind: "folder", name: rawNameOf("slow"), folder: slow }]),
    });
    const running = scanner.run(new AbortController().signal);
    await reached.promise;
    await expect
      .poll(() => foldersOf(scanner))
      .toEqual([
        ["r", 1, 5],
        ["r/slow", 0, 0],
      ]);
    expect(scanner.isComplete).toBe(false);
    go();
    await running;
    expect(foldersOf(scanner)).toEqual([
      ["r", 2, 15],
      ["r/slow", 1, 10],
    ]);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const endless = (): SourceFolder =>
      folderOf(function* () {
        yield entryOf("file", 1, () => controller.abort(new HoldallError("closed")));
        yield { kind: "folder", name: rawNameOf("more"), folder: endless() };
      });
    await expect(scannerOf({ r: endless() }).run(controller.signal)).rejects.toMatchObject({ code: "closed" });
  });

  test("keeps a thousand folders, five hundred exclusions and a thousand failures of more, the largest folders", async () => {
    const many = folderOf(function* () {
      for (let i = 0; i < 2200; i++) {
        const folder = folderOf(() => [entryOf("a", 10_000 - i), entryOf("b.tmp", 1)]);
        yield { kind: "folder", name: rawNameOf(`f${i}`), folder };
        yield { kind: "file", name: rawNameOf(`x${i}`), open: () => Promise.reject(new Error("no")) };
      }
    });
    const scanner = scannerOf({ r: many }, { exclude: ["*.tmp"] });
    await scanner.run(new AbortController().signal);
    expect(scanner).toMatchObject({ files: 2200, excludedFiles: 2200 });
    expect(scanner.excluded.length).toBe(500);
    expect(scanner.failures.length).toBe(1000);
    const names = foldersOf(scanner).map(([path]) => path);
    expect(names).toEqual(["r", ...Array.from({ length: 999 }, (_, i) => `r/f${i}`)]);
  });
});

function promiseOf(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
