import { beforeEach, expect, test } from "vitest";
import type { SourceEntry, SourceFolder } from "../../../src/core/base/ports.ts";
import { sourceFolderOf } from "../../../src/platform/folder-source.ts";
import type { FolderStatsApi, ListedFolder } from "../../../src/workers/api/folder-stats.ts";
import { MemoryFolder } from "./memory-folder.ts";

const never = new AbortController().signal;

let root: MemoryFolder;
beforeEach(() => {
  root = new MemoryFolder("picked");
  root.addFile("a.txt", "alpha", 1500);
  root.addFolder("sub").addFile("b", "beta", 7);
});

/** A page that knows the stats of some folders, by path. */
class KnowingPage implements FolderStatsApi {
  readonly known = new Map<string, Partial<ListedFolder>>();

  async listDropped({ dropped, path }: { dropped: number; path: string[] }): Promise<ListedFolder | null> {
    const listed = dropped === 3 ? this.known.get(path.join("/")) : undefined;
    return listed ? { folders: [], files: [], sizes: [], modifiedMs: [], ...listed } : null;
  }
}

function source(page: FolderStatsApi | null, dropped: number | null = 3): SourceFolder {
  return sourceFolderOf({ kind: "handle", handle: root, ...(dropped === null ? {} : { dropped }) }, page);
}

async function statsOf(folder: SourceFolder): Promise<readonly SourceEntry[] | null> {
  return (await folder.stats?.(never)) ?? null;
}

test("stats come from the page, and files are opened by their names when they are needed", async () => {
  const page = new KnowingPage();
  page.known.set("", { folders: ["sub"], files: ["a.txt"], sizes: [5], modifiedMs: [1500] });
  page.known.set("sub", { files: ["b"], sizes: [4], modifiedMs: [7] });
  const entries = await statsOf(source(page));
  expect(entries).toMatchObject([
    { kind: "folder", name: "sub" },
    { kind: "file", name: "a.txt", stat: { size: 5, modifiedMs: 1500 } },
  ]);
  const [sub] = entries ?? [];
  const below = sub?.kind === "folder" ? await statsOf(sub.folder) : null;
  expect(below).toMatchObject([{ kind: "file", name: "b", stat: { size: 4, modifiedMs: 7 } }]);
  expect(root.asked).toBe(0);
  const [b] = below ?? [];
  const opened = b?.kind === "file" ? await b.open(never) : null;
  expect(await opened?.blob.text()).toBe("beta");
});

test("a folder that the page knows nothing of is listed by its handle, below one that it knows too", async () => {
  const page = new KnowingPage();
  page.known.set("", { folders: ["sub"] });
  const [sub] = (await statsOf(source(page))) ?? [];
  if (sub?.kind !== "folder") throw new Error("no folder");
  expect(await statsOf(sub.folder)).toBe(null);
  const listed: string[] = [];
  for await (const { name } of sub.folder.entries(never)) listed.push(name);
  expect(listed).toEqual(["b"]);
});

test.each(["", "a:b", "x.", "x ", "CON", "desktop.ini", "app.lnk", "a\\b"])(
  "a folder with the name %j, which handles leave out, is listed by its handle",
  async (name) => {
    const page = new KnowingPage();
    page.known.set("", { files: ["a.txt", name], sizes: [5, 1], modifiedMs: [1500, 1] });
    expect(await statsOf(source(page))).toBe(null);
    page.known.set("", { folders: [name] });
    expect(await statsOf(source(page))).toBe(null);
  },
);

test("what was not dropped on the page has no stats", async () => {
  expect(await statsOf(source(new KnowingPage(), null))).toBe(null);
  expect(await statsOf(source(null))).toBe(null);
});

test("a file that is gone when it is opened by its name is unreadable", async () => {
  const page = new KnowingPage();
  page.known.set("", { files: ["gone"], sizes: [5], modifiedMs: [1500] });
  const [gone] = (await statsOf(source(page))) ?? [];
  await expect(gone?.kind === "file" && gone.open(never)).rejects.toMatchObject({
    code: "source-unreadable",
    context: { reason: "NotFoundError" },
  });
});
