import type { Bytes } from "../base/bytes.ts";
import type { RawName } from "../base/raw-name.ts";
import type { ArchiveContent } from "./archive-content.ts";
import { verbatimNames } from "./name-policy.ts";
import type { PlannedEntry, PlannedFile, TargetKind } from "./restore-plan.ts";
import { blockLength, hasPlainDevice, paddingOf, type TarEntry, type TarType, tarHeader } from "./tar-header.ts";

/** What goes into a tar: everything that a node can be but sockets, under the names that are stored, byte for byte. */
export const tarTarget: TargetKind = {
  names: verbatimNames,
  comparison: "exact",
  specialTypes: new Set(["symlink", "dev", "chardev", "fifo"]),
  longestPath: Number.POSITIVE_INFINITY,
  refusal({ type, linkTarget, device }) {
    if (type === "symlink" && (linkTarget === "" || linkTarget.includes("\0"))) return "link target";
    return hasPlainDevice(type as TarType, device) ? null : "device numbers";
  },
};

/** Two blocks of zeros. */
const endLength = 2 * blockLength;

/** The exact number of bytes that writeTar will give. */
export function tarLength(entries: readonly PlannedEntry[]): number {
  let length = endLength;
  for (const { entry } of tarEntries(entries)) {
    length += tarHeader(entry).length + entry.size + paddingOf(entry.size);
  }
  return length;
}

/** The files whose content is in the tar: of files that share it by hard links, the first. */
export function* tarFiles(entries: readonly PlannedEntry[]): Generator<PlannedFile> {
  for (const { planned, entry } of tarEntries(entries)) {
    if (planned.kind === "file" && entry.type === "file") yield planned;
  }
}

/**
 * A tar of the entries, in parts of any size, each the taker's until the next is asked for. Throws what the content throws.
 */
export async function* writeTar(
  entries: readonly PlannedEntry[],
  content: ArchiveContent,
): AsyncGenerator<Bytes, void, undefined> {
  for (const { planned, entry } of tarEntries(entries)) {
    yield tarHeader(entry);
    if (entry.type !== "file") continue;
    yield* content.of(planned);
    yield new Uint8Array(paddingOf(entry.size));
  }
  yield new Uint8Array(endLength);
}

/** The entries as a tar has them: later files of one inode link to the first. */
function* tarEntries(entries: readonly PlannedEntry[]): Generator<{ planned: PlannedEntry; entry: TarEntry }> {
  const links = new HardLinks();
  for (const planned of entries) {
    const { facts, target } = planned;
    const name = (planned.kind === "folder" ? `${target.join("/")}/` : target.join("/")) as RawName;
    const first = planned.kind === "file" ? links.firstOf(planned, name) : null;
    const type = typeOf(planned);
    const linkTarget = type === "symlink" ? facts.linkTarget : noName;
    if (first !== null) yield { planned, entry: { name, type: "hard link", facts, size: 0, linkTarget: first } };
    else yield { planned, entry: { name, type, facts, size: sizeOf(planned), linkTarget } };
  }
}

const noName = "" as RawName;

function typeOf({ kind, facts }: PlannedEntry): TarType {
  return kind === "special" ? (facts.type as TarType) : kind === "folder" ? "dir" : "file";
}

function sizeOf(planned: PlannedEntry): number {
  return planned.kind === "file" ? planned.size : 0;
}

/** Which files are one file under several names. */
class HardLinks {
  private readonly firsts = new Map<string, { name: RawName; planned: PlannedFile }>();

  /** The name under which the file was met first, null if this is the first time. */
  firstOf(planned: PlannedFile, name: RawName): RawName | null {
    const { inode, deviceId, links } = planned.facts;
    if (links < 2n || inode === 0n) return null;
    const key = `${deviceId}:${inode}`;
    const first = this.firsts.get(key);
    if (first === undefined) this.firsts.set(key, { name, planned });
    // A file that was changed between two readings, or inodes that are made up, are no links.
    return first && hasSameContent(first.planned, planned) ? first.name : null;
  }
}

function hasSameContent(left: PlannedFile, right: PlannedFile): boolean {
  return left.content.length === right.content.length && left.content.every((id, i) => id === right.content[i]);
}
