import { appendFileSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { HoldallError } from "../../src/core/base/errors.ts";
import type { SourceEntry, SourceFile, SourceFolder } from "../../src/core/base/ports.ts";
import { NodeFolderSource } from "../support/node-folder-source.ts";
import { describeTree, type TreeDescription } from "../support/source-tree.ts";
import { injectIntoEngine } from "./engine-injection.ts";
import type { Extent, Fault, FaultContext, Injected, Injection } from "./fault.ts";
import { newFiles } from "./sizes.ts";

type ChangeName = "grows" | "shrinks" | "vanishes" | "becomes unreadable";

/** Files that change on the disk between being opened and being read, and a permission that goes half-way. */
export const sourceFaults: readonly Fault[] = [
  changeFault("grows", { full: 10, quick: 1 }),
  changeFault("shrinks", { full: 10, quick: 1 }),
  changeFault("vanishes", { full: 10, quick: 1 }),
  changeFault("becomes unreadable", { full: 10, quick: 1 }),
  {
    name: "permission revoked half-way",
    driver: "engine",
    least: { full: 10, quick: 1 },
    plan: (context) => planFiles(context, { full: 10, quick: 1 }, (n) => revokeAt(context, n)),
  },
];

function changeFault(change: ChangeName, least: Record<Extent, number>): Fault {
  const name = `a file ${change}`;
  return {
    name,
    driver: "engine",
    least,
    plan: (context) => planFiles(context, least, (n) => changeAt(context, change, n)),
  };
}

async function planFiles(
  { extent, random }: FaultContext,
  least: Record<Extent, number>,
  run: (n: number) => Promise<Injected>,
): Promise<Injection[]> {
  const numbers = Array.from({ length: newFiles }, (_, i) => i + 1);
  return random.spread(numbers, least[extent]).map((n) => ({ where: `photos/new ${n}.jpg`, run: () => run(n) }));
}

async function changeAt(context: FaultContext, change: ChangeName, n: number): Promise<Injected> {
  const { world } = context;
  const name = `new ${n}.jpg`;
  let changed = false;
  let after: Promise<TreeDescription> | null = null;
  return injectIntoEngine(context, {
    copiesSource: true,
    folder: (source) => {
      const onOpened = (entry: string, file: SourceFile): SourceFile => {
        if (entry !== name || changed) return file;
        changed = true;
        if (change === "becomes unreadable") return { ...file, blob: unreadableBlob(ownBlob(file)) };
        changeOnDisk(join(source, "photos", name), change);
        after = describeTree(source);
        return file;
      };
      return watched(new NodeFolderSource(source), { onOpened });
    },
    sourceStates: async () => [world.contents, (await after) ?? world.contents],
    fired: () => changed,
    mayEnd: ["stored"],
    mostAgain: null,
  });
}

function changeOnDisk(path: string, change: Exclude<ChangeName, "becomes unreadable">): void {
  if (change === "grows") appendFileSync(path, "and more of it\n");
  else if (change === "shrinks") truncateSync(path, 1000);
  else unlinkSync(path);
}

/** As a browser does it: what was opened before and what is opened now, files and folders, none can be read. */
async function revokeAt(context: FaultContext, n: number): Promise<Injected> {
  let opened = 0;
  const isRevoked = () => opened >= n;
  return injectIntoEngine(context, {
    folder: (source) =>
      watched(new NodeFolderSource(source), {
        refuses: isRevoked,
        onOpened: (_, file) => {
          opened++;
          return { ...file, blob: refusableBlob(ownBlob(file), isRevoked) };
        },
      }),
    fired: isRevoked,
    mayEnd: ["stored", "source-unreadable", "permission-lapsed", "source-shrunk"],
    mostAgain: null,
  });
}

interface Watch {
  onOpened(name: string, file: SourceFile): SourceFile;
  /** True once nothing can be listed or opened any more. */
  refuses?(): boolean;
}

function watched(folder: SourceFolder, watch: Watch): SourceFolder {
  return {
    async *entries(signal) {
      if (watch.refuses?.()) throw refusal();
      for await (const entry of folder.entries(signal)) yield watchedEntry(entry, watch);
    },
  };
}

function watchedEntry(entry: SourceEntry, watch: Watch): SourceEntry {
  if (entry.kind === "folder") return { ...entry, folder: watched(entry.folder, watch) };
  return {
    ...entry,
    open: async (signal) => {
      if (watch.refuses?.()) throw refusal();
      return watch.onOpened(entry.name, await entry.open(signal));
    },
  };
}

/** A file of this machine is never open in another thread. */
function ownBlob({ blob }: SourceFile): Blob {
  if (blob instanceof Blob) return blob;
  throw new TypeError("a file of another thread");
}

/** What platform/source-files makes of the browser's error. */
function refusal(): HoldallError {
  return new HoldallError("source-unreadable", { reason: "NotAllowedError" });
}

function unreadableBlob(blob: Blob): Blob {
  return refusableBlob(blob, () => true);
}

/** Nobody can be made unable to read a file of the disk where tests run as root: its blob rejects as a browser's does. */
function refusableBlob(blob: Blob, refuses: () => boolean): Blob {
  return new Proxy(blob, {
    get(target, name) {
      if (name === "slice") return (...range: [number, number]) => refusableBlob(target.slice(...range), refuses);
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        if (refuses()) return Promise.reject(new DOMException("no permission", "NotReadableError"));
        return Reflect.apply(value, target, given);
      };
    },
  });
}
