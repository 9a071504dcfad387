import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isAbort } from "../../../src/core/base/errors.ts";
import type { SourceEntry, SourceFile, SourceFolder } from "../../../src/core/base/ports.ts";
import { blobOf } from "../../../src/core/codec/small-files.ts";
import { SourceFiles } from "../../../src/platform/source-files.ts";
import type { ListedFolder } from "../../../src/workers/api/folder-stats.ts";
import type { SourceApi } from "../../../src/workers/api/source.ts";
import { type FolderLister, RemoteFolder, RemoteSource } from "../../../src/workers/remote-folder.ts";
import { type Served, serve } from "../../../src/workers/rpc.ts";
import { SourceWorkers } from "../../../src/workers/source-workers.ts";
import { readSource } from "../../support/read-source.ts";
import { MemoryFolder } from "../platform/memory-folder.ts";

const never = new AbortController().signal;

/** How many source workers were started, and which calls each one got. */
let started: { calls: string[]; isTerminated: boolean }[];
let workers: SourceWorkers;
/** The numbers of workers that do not start. */
let broken: Set<number>;
let root: MemoryFolder;

beforeEach(() => {
  started = [];
  broken = new Set();
  root = new MemoryFolder("picked");
  // The handle itself cannot be posted here: the other end has it already.
  workers = new SourceWorkers(null as never, startWorker);
});

afterEach(() => workers.close());

function startWorker() {
  const { port1, port2 } = new MessageChannel();
  const worker = { calls: [] as string[], isTerminated: false };
  if (broken.has(started.push(worker))) port2.close();
  const files = new SourceFiles(root);
  const noted = (name: string): SourceFiles => {
    worker.calls.push(name);
    return files;
  };
  const api: Served<SourceApi> = {
    init: () => {},
    list: (request, context) => noted("list").list(request, context),
    open: (request) => noted("open").open(request),
    read: (request, context) => noted("read").read(request, context),
    file: (request, context) => noted("file").file(request, context),
  };
  serve<SourceApi>(port2, api);
  return Object.assign(port1, {
    terminate() {
      worker.isTerminated = true;
      port1.close();
    },
  });
}

function source(lister: FolderLister | null = null): SourceFolder {
  return new RemoteFolder(new RemoteSource(workers, lister));
}

async function listed(folder: SourceFolder): Promise<SourceEntry[]> {
  const entries: SourceEntry[] = [];
  for await (const entry of folder.entries(never)) entries.push(entry);
  return entries;
}

async function opened(folder: SourceFolder): Promise<SourceFile[]> {
  const files = (await listed(folder)).flatMap((entry) => (entry.kind === "file" ? [entry.open(never)] : []));
  return Promise.all(files);
}

async function textOf({ blob }: SourceFile): Promise<string> {
  return (await blobOf(blob, never)).text();
}

async function readTogether(files: readonly SourceFile[]): Promise<string> {
  const blobs = files.flatMap(({ blob }) => (blob instanceof Blob ? [] : [blob]));
  const bytes = await blobs[0]?.reader.read(blobs, never);
  return new TextDecoder().decode(bytes);
}

describe("by its handle", () => {
  test("a folder is listed with all its folders, also twice", async () => {
    root.addFile("a.txt", "alpha", 1500);
    const sub = root.addFolder("sub");
    sub.addFolder("empty");
    sub.addFile(".hidden", "", 7);
    const folder = source();
    const expected = { "a.txt": ["alpha", 5, 1500], "sub/": null, "sub/empty/": null, "sub/.hidden": ["", 0, 7] };
    expect(await readSource(folder)).toEqual(expected);
    expect(await readSource(folder)).toEqual(expected);
  });

  test("names become raw bytes", async () => {
    root.addFile("é.txt", "");
    expect(Object.keys(await readSource(source()))).toEqual(["Ã©.txt"]);
  });

  test("an entry without a name that cannot be opened is listed all the same", async () => {
    root.addFile("", "?").faults.set("getFile", new DOMException("gone", "NotFoundError"));
    root.addFile("good", "g");
    const found = await readSource(source());
    expect(found["good"]).toEqual(["g", 1, 0]);
    expect(found[""]).toMatchObject({ code: "source-unreadable", context: { reason: "NotFoundError" } });
  });

  test("a folder that cannot be listed is a source-unreadable error", async () => {
    root.addFile("a", "");
    root.faults.set("list", new DOMException("no permission", "NotAllowedError"));
    await expect(readSource(source())).rejects.toMatchObject({
      code: "source-unreadable",
      context: { reason: "NotAllowedError" },
      cause: { message: "no permission" },
    });
  });

  test("an AbortError of the platform is no abort of ours", async () => {
    root.addFile("a", "").faults.set("getFile", new DOMException("odd", "AbortError"));
    const found = await readSource(source());
    expect(found["a"]).toMatchObject({ code: "source-unreadable", context: { reason: "AbortError" } });
  });

  test("an abort ends the listing between two entries", async () => {
    for (const name of ["a", "b", "c"]) root.addFile(name, "");
    const controller = new AbortController();
    let count = 0;
    const list = async () => {
      for await (const _ of source().entries(controller.signal)) if (++count === 2) controller.abort();
    };
    expect(isAbort(await list().catch((error: unknown) => error))).toBe(true);
    expect(count).toBe(2);
  });
});

describe("its files", () => {
  test("that are wanted in one turn are opened by one call, and read by one", async () => {
    for (const name of ["a", "b", "c"]) root.addFile(name, `<${name}>`);
    expect(await readTogether(await opened(source()))).toBe("<a><b><c>");
    expect(started).toMatchObject([{ calls: ["list", "open", "read"] }]);
  });

  test("cannot be read together if one of them is gone or has another length by then", async () => {
    root.addFile("a", "alpha");
    root.addFile("b", "beta");
    const files = await opened(source());
    await readTogether(files); // they are open no more
    root.addFile("b", "longer than before");
    await expect(readTogether(files)).rejects.toMatchObject({ code: "source-unreadable" });
    await root.removeEntry("b");
    await expect(readTogether(files)).rejects.toMatchObject({ code: "source-unreadable" });
    expect(await readTogether(files.slice(0, 1))).toBe("alpha");
  });

  test("are opened again by another worker when theirs has ended with too many open", async () => {
    const folders = 9;
    for (let i = 0; i < folders; i++) {
      const folder = root.addFolder(`folder ${i}`);
      for (let file = 0; file < 1000; file++) folder.addFile(`file ${file}`, `${i}.${file} `);
    }
    const files: SourceFile[] = [];
    for (const entry of await listed(source())) {
      if (entry.kind === "folder") files.push(...(await opened(entry.folder)));
    }
    expect(started.length).toBe(3);
    await expect.poll(() => started.map(({ isTerminated }) => isTerminated)).toEqual([true, false, false]);
    expect(files.length).toBe(folders * 1000);
    expect(await readTogether(files.slice(1, 3))).toBe("0.1 0.2 ");
    expect(await textOf(files[8500] as SourceFile)).toBe("8.500 ");
  });

  test("of one group are read by the workers that have opened them", async () => {
    const files: SourceFile[] = [];
    for (let i = 0; i < 6; i++) {
      const folder = root.addFolder(`folder ${i}`);
      for (let file = 0; file < 1000; file++) folder.addFile(`file ${file}`, `${i}.${file} `);
    }
    for (const entry of await listed(source())) {
      if (entry.kind === "folder") files.push(...(await opened(entry.folder)));
    }
    for (const { calls } of started) calls.length = 0;
    const [first, second, last] = [files[0], files[1], files[5999]] as SourceFile[];
    expect(await readTogether([first, last, second] as SourceFile[])).toBe("0.0 5.999 0.1 ");
    expect(started).toMatchObject([{ calls: ["read", "read"] }, { calls: ["read"] }]);
  });

  test("of a folder that another worker has listed cost one search for the folder", async () => {
    const folder = root.addFolder("a").addFolder("b");
    const names = Array.from({ length: 20 }, (_, i) => `file ${i}`);
    for (const name of names) folder.addFile(name, "");
    const search = vi.spyOn(root, "getDirectoryHandle");
    const files = new SourceFiles(root);
    search.mockRejectedValueOnce(new DOMException("busy", "NoModificationAllowedError"));
    const request = { path: ["a", "b"], names };
    expect(await files.open(request)).toEqual(names.map(() => ({ reason: "NoModificationAllowedError" })));
    expect(await files.open(request)).toEqual(names.map(() => ({ size: 0, modifiedMs: 0 })));
    expect(search).toHaveBeenCalledTimes(2);
  });

  test("of one large folder are opened by several workers, too", async () => {
    for (let file = 0; file < 12_000; file++) root.addFile(`file ${file}`, `${file} `);
    const files: SourceFile[] = [];
    const entries = await listed(source());
    while (entries.length > 0) {
      const some = entries.splice(0, 500).flatMap((entry) => (entry.kind === "file" ? [entry.open(never)] : []));
      files.push(...(await Promise.all(some)));
    }
    expect(files.length).toBe(12_000);
    expect(started.length).toBeGreaterThanOrEqual(3);
    await expect.poll(() => started[0]?.isTerminated).toBe(true);
    expect(await readTogether(files.slice(7, 9))).toBe("7 8 ");
  });

  test("stay with their worker as long as another one cannot be started", async () => {
    broken.add(2);
    for (let i = 0; i < 9; i++) {
      const folder = root.addFolder(`folder ${i}`);
      for (let file = 0; file < 1000; file++) folder.addFile(`file ${file}`, "");
    }
    let files = 0;
    for (const entry of await listed(source()))
      if (entry.kind === "folder") files += (await opened(entry.folder)).length;
    expect(files).toBe(9000);
    expect(started.map(({ isTerminated }) => isTerminated)).toEqual([false, true, false]);
  });

  test("come to an error that is not theirs if no worker can be started at all", async () => {
    broken.add(1);
    await expect(opened(source())).rejects.toMatchObject({ code: "worker-died" });
  });

  test("are given back when the folder is closed, and nothing more comes of it", async () => {
    root.addFile("a", "alpha");
    const folder = source();
    const [file] = await opened(folder);
    folder.close?.();
    expect(started).toMatchObject([{ isTerminated: true }]);
    await expect(textOf(file as SourceFile)).rejects.toMatchObject({ code: "closed" });
  });
});

describe("with stats that the page knows", () => {
  const known = new Map<string, Partial<ListedFolder>>();
  const lister: FolderLister = async (path) => {
    const listing = known.get(path.join("/"));
    return listing ? { folders: [], files: [], sizes: [], modifiedMs: [], ...listing } : null;
  };
  const statsOf = async (folder: SourceFolder) => (await folder.stats?.(never)) ?? null;

  beforeEach(() => {
    known.clear();
    root.addFile("a.txt", "alpha", 1500);
    root.addFolder("sub").addFile("b", "beta", 7);
  });

  test("files are opened by their names when they are needed, and not before", async () => {
    known.set("", { folders: ["sub"], files: ["a.txt"], sizes: [5], modifiedMs: [1500] });
    known.set("sub", { files: ["b"], sizes: [4], modifiedMs: [7] });
    const entries = await statsOf(source(lister));
    expect(entries).toMatchObject([
      { kind: "folder", name: "sub" },
      { kind: "file", name: "a.txt", stat: { size: 5, modifiedMs: 1500 } },
    ]);
    const [sub] = entries ?? [];
    const below = sub?.kind === "folder" ? await statsOf(sub.folder) : null;
    expect(below).toMatchObject([{ kind: "file", name: "b", stat: { size: 4, modifiedMs: 7 } }]);
    expect(started).toEqual([]);
    const [b] = below ?? [];
    expect(b?.kind === "file" && (await textOf(await b.open(never)))).toBe("beta");
  });

  test("a folder that the page knows nothing of is listed by its handle, below one that it knows too", async () => {
    known.set("", { folders: ["sub"] });
    const [sub] = (await statsOf(source(lister))) ?? [];
    if (sub?.kind !== "folder") throw new Error("no folder");
    expect(await statsOf(sub.folder)).toBe(null);
    expect(await listed(sub.folder)).toMatchObject([{ kind: "file", name: "b" }]);
  });

  test.each(["", "a:b", "x.", "x ", "CON", "desktop.ini", "app.lnk", "a\\b"])(
    "a folder with the name %j, which handles leave out, is listed by its handle",
    async (name) => {
      known.set("", { files: ["a.txt", name], sizes: [5, 1], modifiedMs: [1500, 1] });
      expect(await statsOf(source(lister))).toBe(null);
      known.set("", { folders: [name] });
      expect(await statsOf(source(lister))).toBe(null);
    },
  );

  test("a file that is gone when it is opened by its name is unreadable", async () => {
    known.set("", { files: ["gone"], sizes: [5], modifiedMs: [1500] });
    const [gone] = (await statsOf(source(lister))) ?? [];
    await expect(gone?.kind === "file" && gone.open(never)).rejects.toMatchObject({
      code: "source-unreadable",
      context: { reason: "NotFoundError" },
    });
  });

  test("what the page was not asked about has no stats", async () => {
    expect(await statsOf(source())).toBe(null);
  });
});
