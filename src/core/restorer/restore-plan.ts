import { FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { isPlainName, type RawName, rawNameOf } from "../base/raw-name.ts";
import type { Node } from "../format/node.ts";
import { findPlace, type TreeSource, walkTree } from "../repository/tree-walker.ts";
import { FolderNames, isRenamed, type NameComparison, type NamePolicy } from "./name-policy.ts";

/** What an archive keeps of a node beside its content. Not the node itself, which keeps the bytes of its tree alive. */
export type NodeFacts = Pick<
  Node,
  | "type"
  | "mode"
  | "mtime"
  | "uid"
  | "gid"
  | "user"
  | "group"
  | "inode"
  | "deviceId"
  | "links"
  | "linkTarget"
  | "extendedAttributes"
  | "device"
>;

export interface PlannedPlace {
  /** Raw names in the snapshot. */
  path: readonly RawName[];
  /** Names at the target. */
  target: readonly string[];
}

export interface PlannedFolder extends PlannedPlace {
  kind: "folder";
  facts: NodeFacts;
}

export interface PlannedFile extends PlannedPlace {
  kind: "file";
  facts: NodeFacts;
  content: readonly Id[];
  /** Plain length of each chunk, by the index. */
  lengths: readonly number[];
  size: number;
}

/** A link, a device or a pipe. */
export interface PlannedSpecial extends PlannedPlace {
  kind: "special";
  facts: NodeFacts;
}

export type PlannedEntry = PlannedFolder | PlannedFile | PlannedSpecial;

export interface RestorePlan {
  /** What will be written, in the order of the trees; folders come before what is in them. */
  entries: PlannedEntry[];
  /** The folders among the entries. */
  folders: PlannedFolder[];
  /** The files among the entries. */
  files: PlannedFile[];
  totalBytes: number;
  /** Written under another name, since the target refuses their own. */
  renamed: PlannedPlace[];
  /** Links, devices and the like, which the target cannot hold. */
  skipped: { path: readonly RawName[]; type: string }[];
  /** What cannot be restored at all: damaged trees, chunks that no index names. */
  failures: { path: readonly RawName[]; error: unknown }[];
}

/** What a target can hold. */
export interface TargetKind {
  names: NamePolicy;
  comparison: NameComparison;
  /** Node types that it takes beside files and folders. */
  specialTypes: ReadonlySet<string>;
  /** Bytes of a whole path. */
  longestPath: number;
  /** What is wrong with a node that cannot be held although its type can; null for all others. */
  refusal(node: Node): string | null;
}

export interface RestorePlanPorts {
  trees: TreeSource;
  /** Plain length of a data blob by the index, or null. */
  lengthOf(id: Id): number | null;
  target: TargetKind;
}

/** Plans the restore of some places of a snapshot; each lands in the target under its own last name. */
export async function planRestore(
  ports: RestorePlanPorts,
  root: Id,
  paths: readonly (readonly number[])[],
  signal: AbortSignal,
): Promise<RestorePlan> {
  const planner = new Planner(ports);
  for (const path of paths) {
    const place = await findPlace(ports.trees, root, path, signal);
    if (place.node && !isPlainName(place.node.name)) {
      planner.failed(place.names, new IntegrityError("tree-name-refused"));
      continue;
    }
    if (place.node) await planner.node(place.node, place.names);
    if (place.subtree) await walkTree(ports.trees, place.subtree, place.names, planner, signal);
  }
  return planner.plan;
}

/** Trees that refer to each other in a clever way name more entries than any disk has. */
const mostEntries = 10_000_000;
/** Trees that are cached come without a pause, in which an abort could not be heard. */
const nodesBetweenPauses = 4096;

class Planner {
  readonly plan: RestorePlan = {
    entries: [],
    folders: [],
    files: [],
    totalBytes: 0,
    renamed: [],
    skipped: [],
    failures: [],
  };
  /** Platform names of the folders planned so far, by raw path; a place that was picked itself has no folder above. */
  private readonly targets = new Map<string, readonly string[]>();
  private readonly names = new Map<string, FolderNames>();
  private nodes = 0;

  constructor(private readonly ports: RestorePlanPorts) {}

  async node(node: Node, path: readonly RawName[]): Promise<void> {
    this.nodes++;
    if (this.nodes > mostEntries) throw new FormatError("tree-malformed", { reason: "too many entries" });
    if (this.nodes % nodesBetweenPauses === 0) await pause();
    const isHeld = node.type === "dir" || node.type === "file" || this.ports.target.specialTypes.has(node.type);
    if (isHeld) this.place(node, path);
    else this.plan.skipped.push({ path, type: node.type });
  }

  failed(path: readonly RawName[], error: unknown): void {
    this.plan.failures.push({ path, error });
  }

  private place(node: Node, path: readonly RawName[]): void {
    const target = this.targetOf(path);
    if (node.type === "dir") this.targets.set(keyOf(path), target);
    if (this.isTooLong(target)) {
      this.failed(path, new HoldallError("path-too-long"));
      return;
    }
    const entry = this.entryOf(node, path, target);
    if (entry === null) return;
    this.plan.entries.push(entry);
    const name = path[path.length - 1];
    if (name !== undefined && isRenamed(name, target[target.length - 1] ?? ""))
      this.plan.renamed.push({ path, target });
  }

  private isTooLong(target: readonly string[]): boolean {
    const { longestPath } = this.ports.target;
    const text = target.join("/");
    // A character has at most three bytes; a folder gets a slash behind.
    return text.length * 3 + 1 > longestPath && rawNameOf(text).length + 1 > longestPath;
  }

  private targetOf(path: readonly RawName[]): readonly string[] {
    const above = keyOf(path.slice(0, -1));
    const folder = this.targets.get(above) ?? [];
    const key = folder.length === 0 ? "" : above;
    const { names: policy, comparison } = this.ports.target;
    const names = this.names.get(key) ?? new FolderNames(policy, comparison);
    this.names.set(key, names);
    return [...folder, names.nameFor(path[path.length - 1] as RawName)];
  }

  private entryOf(node: Node, path: readonly RawName[], target: readonly string[]): PlannedEntry | null {
    if (node.type === "file") return this.file(node, path, target);
    if (node.type === "dir") {
      const folder: PlannedFolder = { kind: "folder", path, target, facts: factsOf(node) };
      this.plan.folders.push(folder);
      return folder;
    }
    const reason = this.ports.target.refusal(node);
    if (reason === null) return { kind: "special", path, target, facts: factsOf(node) };
    this.failed(path, new FormatError("tree-malformed", { reason }));
    return null;
  }

  private file(node: Node, path: readonly RawName[], target: readonly string[]): PlannedFile | null {
    const { content, size: stated } = node;
    if (content === null) {
      this.failed(path, new FormatError("tree-malformed", { reason: "no content" }));
      return null;
    }
    const lengths = content.map((id) => this.ports.lengthOf(id));
    const missing = content[lengths.indexOf(null)];
    if (missing !== undefined) {
      this.failed(path, new IntegrityError("blob-missing", { type: "data", blob: missing }));
      return null;
    }
    const known = lengths.map((length) => length ?? 0);
    const size = known.reduce((sum, length) => sum + length, 0);
    // The chunks are verified and all there is, so a file of another size than stated is restored all the same.
    if (stated !== BigInt(size))
      this.failed(path, new IntegrityError("file-size-mismatch", { stated: Number(stated), found: size }));
    const file: PlannedFile = { kind: "file", path, target, facts: factsOf(node), content, lengths: known, size };
    this.plan.files.push(file);
    this.plan.totalBytes += size;
    return file;
  }
}

function factsOf(node: Node): NodeFacts {
  const { type, mode, mtime, uid, gid, user, group, inode, deviceId, links, linkTarget, device } = node;
  const { extendedAttributes } = node;
  return {
    type,
    mode,
    mtime,
    uid,
    gid,
    user,
    group,
    inode,
    deviceId,
    links,
    linkTarget,
    extendedAttributes,
    device,
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** NUL is in no plain name. */
function keyOf(path: readonly RawName[]): string {
  return path.join("\0");
}
