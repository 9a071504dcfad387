import { describe, expect, test } from "vitest";
import { type BackupRules, noRules } from "../../../../src/core/archiver/backup-rules.ts";
import { FolderReader, type FolderReaderPorts, ReadAhead } from "../../../../src/core/archiver/folder-reader.ts";
import { compileRules } from "../../../../src/core/archiver/rule-selection.ts";
import type { Exclusion } from "../../../../src/core/archiver/selection.ts";
import type { SourceEntry, SourceFolder } from "../../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";

const signal = new AbortController().signal;

function fileOf(name: string, size: number): SourceEntry {
  const blob = new Blob([new Uint8Array(size)]);
  return { kind: "file", name: rawNameOf(name), open: async () => ({ size, modifiedMs: 0, blob }) };
}

interface Reading {
  reader: FolderReader;
  ports: FolderReaderPorts;
  /** By path, everything that was told to be left out. */
  excluded: Exclusion[];
}

function readerOf(entries: readonly SourceEntry[], rules: Partial<BackupRules> = {}): Reading {
  const excluded: Exclusion[] = [];
  const ahead = new ReadAhead(
    () => undefined,
    () => undefined,
  );
  const ports = {
    ahead,
    selection: compileRules({ ...noRules, ...rules }),
    onExcluded: (exclusion: Exclusion) => excluded.push(exclusion),
    signal,
  };
  return { reader: new FolderReader(folderOf(entries), [rawNameOf("root")], ports), ports, excluded };
}

function folderOf(entries: readonly SourceEntry[]): SourceFolder {
  return {
    async *entries() {
      yield* entries;
    },
  };
}

/** What a folder of these entries is read as: names, with the size of a file or the reason of a failure. */
async function read(entries: readonly SourceEntry[], rules: Partial<BackupRules> = {}): Promise<[string, unknown][]> {
  const found = await readerOf(entries, rules).reader.read();
  return found.map((entry) => {
    if (entry.kind === "failed") return [entry.name, (entry.error as { context: { reason: string } }).context.reason];
    return [entry.name, entry.kind === "file" ? entry.file.size : "folder"];
  });
}

test("entries come in the order of their names' bytes", async () => {
  const entries = ["b", "ä", "a", "Z", "\u{1f600}", "ｚ"].map((name) => fileOf(name, 1));
  const names = (await read(entries)).map(([name]) => name);
  expect(names).toEqual(["Z", "a", "b", "ä", "ｚ", "\u{1f600}"].map((name) => rawNameOf(name)));
});

test("every entry that has no name is reported, be there one or more", async () => {
  expect(await read([fileOf("", 1), fileOf("a", 2), fileOf("", 3), fileOf("", 4)])).toEqual([
    ["", "name"],
    ["", "name"],
    ["", "name"],
    ["a", 2],
  ]);
});

test("of entries whose names are the same bytes the first is read and the others are reported", async () => {
  // Two names that are different on Windows: each lone surrogate becomes U+FFFD.
  const name = rawNameOf("a\ufffd");
  expect(await read([fileOf("a\ud800", 1), fileOf("a\udc00", 2), fileOf("b", 3)])).toEqual([
    [name, 1],
    [name, "name-taken"],
    ["b", 3],
  ]);
});

describe("what the rules leave out", () => {
  const untouchable: SourceEntry = {
    kind: "file",
    name: rawNameOf("secret.tmp"),
    open: () => Promise.reject(new Error("an excluded file was opened")),
  };
  const unlistable: SourceEntry = {
    kind: "folder",
    name: rawNameOf("node_modules"),
    folder: {
      // biome-ignore lint/correctness/useYield: to be listed is the failure
      async *entries() {
        throw new Error("an excluded folder was listed");
      },
    },
  };

  test("by a pattern is neither opened nor listed, and is told once", async () => {
    const entries = [untouchable, fileOf("letter", 3), unlistable];
    const { reader, excluded } = readerOf(entries, { exclude: ["*.tmp", "/root/node_modules"] });
    const names = (await reader.read()).map(({ name }) => name);
    await reader.read();
    expect(names).toEqual(["letter"]);
    expect(excluded).toEqual([
      { path: ["root", "secret.tmp"], kind: "file", sizeBytes: null, reason: "pattern" },
      { path: ["root", "node_modules"], kind: "folder", sizeBytes: null, reason: "pattern" },
    ]);
  });

  test("by its size is told with the size; a file of just that many bytes stays", async () => {
    const { reader, excluded } = readerOf([fileOf("a", 10), fileOf("b", 11)], { excludeLargerThanBytes: 10 });
    expect((await reader.read()).map(({ name }) => name)).toEqual(["a"]);
    expect(excluded).toEqual([{ path: ["root", "b"], kind: "file", sizeBytes: 11, reason: "size" }]);
  });

  test("counts as listed", async () => {
    const { reader } = readerOf([untouchable, fileOf("letter", 3), unlistable, fileOf("", 1)], { exclude: ["*"] });
    await reader.read();
    expect(reader.listedEntries).toBe(4);
  });

  test("is told of a folder within the root with its whole path", async () => {
    const folder: SourceEntry = { kind: "folder", name: rawNameOf("ä"), folder: folderOf([fileOf("a", 1)]) };
    const { reader, excluded } = readerOf([folder], { exclude: ["ä/a"] });
    const [entry] = await reader.read();
    expect(entry?.kind === "folder" && (await entry.folder.read())).toEqual([]);
    expect(excluded.map(({ path }) => path)).toEqual([["root", rawNameOf("ä"), "a"]]);
  });
});

test("a file can be opened again as it is by then", async () => {
  let size = 1;
  const name = rawNameOf("growing");
  const open = async () => ({ size: size++, modifiedMs: 0, blob: new Blob([]) });
  const [entry] = await readerOf([{ kind: "file", name, open }]).reader.read();
  if (entry?.kind !== "file") throw new Error("no file");
  expect(entry.file.size).toBe(1);
  expect((await entry.open(signal)).size).toBe(2);
});

test("a file that cannot be opened again is unreadable", async () => {
  let isFirst = true;
  const open = async () => {
    if (!isFirst) throw new DOMException("gone", "NotFoundError");
    isFirst = false;
    return { size: 1, modifiedMs: 0, blob: new Blob([]) };
  };
  const [entry] = await readerOf([{ kind: "file", name: rawNameOf("gone"), open }]).reader.read();
  if (entry?.kind !== "file") throw new Error("no file");
  await expect(entry.open(signal)).rejects.toMatchObject({
    code: "source-unreadable",
    context: { reason: "NotFoundError" },
  });
});

describe("where stats are known without opening", () => {
  const stat = { size: 5, modifiedMs: 9 };
  const known: SourceEntry = {
    kind: "file",
    name: rawNameOf("known"),
    stat,
    open: () => Promise.reject(new Error("no")),
  };

  function readerOfKnown(opensFew: boolean, stats: SourceFolder["stats"]): FolderReader {
    const folder: SourceFolder = { ...folderOf([fileOf("opened", 3)]), ...(stats && { stats }) };
    const { ports } = readerOf([], { exclude: ["*.tmp"] });
    return new FolderReader(folder, [rawNameOf("root")], { ...ports, opensFew });
  }

  test("a file is not opened for them, if few files are to be opened", async () => {
    const entries = await readerOfKnown(true, async () => [known]).read();
    expect(entries).toMatchObject([{ kind: "file", name: "known", file: stat }]);
  });

  test.each([
    ["all files are to be opened", false, async () => [known]],
    ["the folder does not know them now", true, async () => null],
    ["the folder never knows them", true, undefined],
  ])("a file is opened when %s", async (_, opensFew, stats) => {
    const entries = await readerOfKnown(opensFew, stats).read();
    expect(entries).toMatchObject([{ kind: "file", name: "opened", file: { size: 3, blob: expect.any(Blob) } }]);
  });

  test("rules see them", async () => {
    const folder: SourceFolder = { ...folderOf([]), stats: async () => [known] };
    const { ports, excluded } = readerOf([], { excludeLargerThanBytes: 4 });
    expect(await new FolderReader(folder, [rawNameOf("root")], { ...ports, opensFew: true }).read()).toEqual([]);
    expect(excluded).toMatchObject([{ path: ["root", "known"], sizeBytes: 5 }]);
  });
});

describe("ahead of what is saved", () => {
  /** A folder of folders, whose listings are under way until they are told to go on. */
  function gated(folders: number, filesInEach: number) {
    const waiting: (() => void)[] = [];
    let opened = 0;
    const file = (name: string): SourceEntry => ({
      kind: "file",
      name: rawNameOf(name),
      open: async () => {
        opened++;
        return { size: 1, modifiedMs: 0, blob: new Blob(["x"]) };
      },
    });
    const gatedFolder = (entries: readonly SourceEntry[]): SourceFolder => ({
      async *entries() {
        await new Promise<void>((resolve) => waiting.push(resolve));
        yield* entries;
      },
    });
    const files = Array.from({ length: filesInEach }, (_, i) => file(`file ${i}`));
    const below = Array.from({ length: folders }, (_, i): SourceEntry => {
      return { kind: "folder", name: rawNameOf(`folder ${i}`), folder: gatedFolder(files) };
    });
    const { reader, ports } = readerOf([]);
    const root = new FolderReader(gatedFolder(below), reader.path, ports);
    /** Lets all listings go on that wait, or some, again and again, or so often; returns how many waited each time. */
    const goOn = async (times = Number.POSITIVE_INFINITY, answers = Number.POSITIVE_INFINITY) => {
      const counts: number[] = [];
      while (waiting.length > 0 && counts.length < times) {
        counts.push(waiting.length);
        for (const resolve of waiting.splice(0, answers)) resolve();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return counts;
    };
    return { root, ports, waiting, goOn, opened: () => opened };
  }

  test("small folders are read sixteen at once, and fewer until some are known", async () => {
    const { root, goOn, opened } = gated(50, 10);
    root.start();
    expect(await goOn()).toEqual([1, 2, 4, 8, 16, 16, 4]);
    expect(opened()).toBe(500);
  });

  test("when enough are known, they are begun eight at a time", async () => {
    const { root, waiting, goOn } = gated(60, 10);
    root.start();
    for (let i = 0; i < 5; i++) await goOn(1);
    for (let answers = 0; answers < 8; answers++) {
      expect(waiting).toHaveLength(16 - answers);
      await goOn(1, 1);
    }
    expect(waiting).toHaveLength(16);
  });

  test("of large folders no more are read than the files of two, until one is saved", async () => {
    const { root, ports, goOn, opened } = gated(30, 1000);
    root.start();
    await goOn();
    expect(opened()).toBe(2000);
    const [first] = await root.read();
    if (first?.kind !== "folder") throw new Error("no folder");
    ports.ahead.release(first.folder);
    await goOn();
    expect(opened()).toBe(3000);
  });
});
