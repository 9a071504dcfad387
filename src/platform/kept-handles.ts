import { orElse } from "../core/base/leniency.ts";
import { loadHandles, mostFileHandles, removeHandles, type StoredHandles, storeHandles } from "./handle-store.ts";
import { looseFilesName, pickOfHandles } from "./loose-files.ts";
import type { PickedFolder } from "./picked-folder.ts";

/** A source of a set; both ids are for ever. */
export interface SourceKey {
  setId: string;
  sourceId: string;
}

export type KeptSource =
  | { state: "granted"; picked: PickedFolder }
  | { state: "prompt"; name: string }
  | { state: "gone" };

/** Where handles stay when the page is gone. Both may fail at any time. */
export interface HandleStore {
  load(key: string): Promise<StoredHandles | null>;
  store(key: string, handles: StoredHandles): Promise<void>;
  /** Removes all keys that begin so. */
  remove(prefix: string): Promise<void>;
}

const browserStore: HandleStore = { load: loadHandles, store: storeHandles, remove: removeHandles };

/**
 * What was picked for the sources of one repository's sets. Handles stay on a device of one's own; picks without handles, and
 * all of them on somebody else's device, last as long as the page. No call rejects: what cannot be kept is picked
 * again.
 */
export class KeptHandles {
  private readonly picks = new Map<string, PickedFolder>();

  constructor(
    private readonly repositoryId: string,
    private readonly isMine: () => boolean,
    private readonly store: HandleStore = browserStore,
  ) {}

  async keep(source: SourceKey, picked: PickedFolder): Promise<void> {
    const key = this.keyOf(source);
    const handles = handlesOf(picked);
    this.picks.set(key, picked);
    if (!this.isMine()) return;
    // An older pick must not come back when the page does.
    const keeping = handles === null ? () => this.store.remove(key) : () => this.store.store(key, handles);
    await orElse(keeping, undefined);
  }

  async find(source: SourceKey): Promise<KeptSource> {
    return this.look(source, isPermitted);
  }

  /** Asks for what has lapsed; needs a click. */
  async permit(source: SourceKey): Promise<KeptSource> {
    return this.look(source, askFor);
  }

  async remove(setId: string): Promise<void> {
    const prefix = `${this.repositoryId}/${setId}/`;
    for (const key of [...this.picks.keys()]) if (key.startsWith(prefix)) this.picks.delete(key);
    await orElse(() => this.store.remove(prefix), undefined);
  }

  private async look(source: SourceKey, mayRead: (handle: FileSystemHandle) => Promise<boolean>): Promise<KeptSource> {
    const key = this.keyOf(source);
    const pick = this.picks.get(key) ?? null;
    const handles = pick === null ? await this.stored(key) : handlesOf(pick);
    if (handles === null) return pick === null ? { state: "gone" } : { state: "granted", picked: pick };
    if (handles.kind === "files") return lookAtFiles(handles.files, mayRead);
    return lookAtFolder(handles.folder, pick?.folder ?? { kind: "handle", handle: handles.folder }, mayRead);
  }

  /** On somebody else's device nothing is looked for, either. */
  private async stored(key: string): Promise<StoredHandles | null> {
    return this.isMine() ? orElse(() => this.store.load(key), null) : null;
  }

  private keyOf({ setId, sourceId }: SourceKey): string {
    return `${this.repositoryId}/${setId}/${sourceId}`;
  }
}

/** Forgets the handles of all sets of a repository. Rejects if the storage does. */
export async function forgetHandles(repositoryId: string): Promise<void> {
  await removeHandles(`${repositoryId}/`);
}

/** Null for what has no handles, or too many. */
function handlesOf({ folder, fileHandles }: PickedFolder): StoredHandles | null {
  if (folder.kind === "handle") return { kind: "folder", folder: folder.handle };
  if (fileHandles === undefined || fileHandles.length > mostFileHandles) return null;
  return { kind: "files", files: fileHandles };
}

async function lookAtFolder(
  handle: FileSystemDirectoryHandle,
  folder: PickedFolder["folder"],
  mayRead: (handle: FileSystemHandle) => Promise<boolean>,
): Promise<KeptSource> {
  const { name } = handle;
  if (!(await mayRead(handle))) return { state: "prompt", name };
  if (!(await isThere(handle))) return { state: "gone" };
  return { state: "granted", picked: { kind: "folder", name, folder } };
}

async function lookAtFiles(
  handles: readonly FileSystemFileHandle[],
  mayRead: (handle: FileSystemHandle) => Promise<boolean>,
): Promise<KeptSource> {
  for (const handle of handles) if (!(await mayRead(handle))) return { state: "prompt", name: looseFilesName };
  const picked = await pickOfHandles(handles);
  return picked === null ? { state: "gone" } : { state: "granted", picked };
}

/** Browsers that know no permissions have none that lapse. */
async function isPermitted(handle: FileSystemHandle): Promise<boolean> {
  if (handle.queryPermission === undefined) return true;
  return (await handle.queryPermission({ mode: "read" }).catch(() => "denied")) === "granted";
}

async function askFor(handle: FileSystemHandle): Promise<boolean> {
  if (handle.requestPermission === undefined || (await isPermitted(handle))) return true;
  return (await handle.requestPermission({ mode: "read" }).catch(() => "denied")) === "granted";
}

/** A folder that was moved or unplugged keeps its permission. Only its absence counts; a backup tells of other trouble. */
async function isThere(handle: FileSystemDirectoryHandle): Promise<boolean> {
  try {
    await handle.keys().next();
    return true;
  } catch (error) {
    return !(error instanceof Error && error.name === "NotFoundError");
  }
}
