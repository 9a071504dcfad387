import { HoldallError } from "../base/errors.ts";
import { displayName, type RawName } from "../base/raw-name.ts";
import type { Node } from "../format/node.ts";
import type { Steering } from "./steering.ts";

/** In a smaller folder, half of the entries are soon removed by hand. */
const leastEntries = 16;

/** What a folder lists now, and the parent's nodes of it. */
export interface ListedFolder {
  path: readonly RawName[];
  /** Before any rules. */
  listedEntries: number;
  parent: ReadonlyMap<RawName, Node>;
}

/**
 * Asks before a folder is believed that lists far fewer entries than its parent did: fewer than half of at least 16, or
 * none at all in a source's own folder. Most often a disk is not mounted, or the browser lost entries of a large folder.
 * Who believes it of a folder believes it of all below.
 */
export class ShrunkFolders {
  private readonly believed: (readonly RawName[])[] = [];

  /** Without steering there is nobody to ask, and nothing is believed. */
  constructor(private readonly steering: Steering | null) {}

  /** Throws "source-shrunk" (`path`, `before`, `now`) if the run is to be stopped. */
  async check(folder: ListedFolder, signal: AbortSignal): Promise<void> {
    const { path, listedEntries: now } = folder;
    const before = entriesBefore(folder);
    if (before === null || this.isBelieved(path)) return;
    const answer = (await this.steering?.ask({ kind: "shrunk", path, before, now }, signal)) ?? "stop";
    if (answer === "stop") {
      throw new HoldallError("source-shrunk", { path: `/${path.map(displayName).join("/")}`, before, now });
    }
    this.believed.push(path);
  }

  private isBelieved(path: readonly RawName[]): boolean {
    return this.believed.some((above) => above.every((name, i) => path[i] === name));
  }
}

/** How many entries the parent has of the folder if it has shrunk, else null. */
function entriesBefore({ path, listedEntries, parent }: ListedFolder): number | null {
  const isEmptySource = path.length === 1 && listedEntries === 0 && parent.size > 0;
  if (!isEmptySource && (parent.size < leastEntries || listedEntries * 2 >= parent.size)) return null;
  let before = 0;
  // A browser lists nothing else: links and devices that the restic CLI has stored are not missed.
  for (const { type } of parent.values()) if (type === "file" || type === "dir") before++;
  if (isEmptySource) return before > 0 ? before : null;
  return before >= leastEntries && listedEntries * 2 < before ? before : null;
}
