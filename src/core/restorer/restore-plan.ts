import { FormatError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { RawName } from "../base/raw-name.ts";
import type { Node } from "../format/node.ts";
import { findPlace, type TreeSource, walkTree } from "../repository/tree-walker.ts";
import { FolderNames, isRenamed, type NamePolicy } from "./name-policy.ts";

export interface PlannedFolder {
  /** Raw names in the snapshot. */
  path: readonly RawName[];
  /** Names at the target. */
  target: readonly string[];
}

export interface PlannedFile extends PlannedFolder {
  content: readonly Id[];
  /** Plain length of each chunk, by the index. */
  lengths: readonly number[];
  size: number;
}

/** What a restore will write, in the order of the trees; folders come before what is in them. */
export interface RestorePlan {
  folders: PlannedFolder[];
  files: PlannedFile[];
  totalBytes: number;
  /** Written under another name, since the target refuses their own. */
  renamed: PlannedFolder[];
  /** Links, devices and the like, which the target cannot hold. */
  skipped: { path: readonly RawName[]; type: string }[];
  /** What cannot be restored at all: damaged trees, chunks that no index names. */
  failures: { path: readonly RawName[]; error: unknown }[];
}

export interface RestorePlanPorts {
  trees: TreeSource;
  /** Plain length of a data blob by the index, or null. */
  lengthOf(id: Id): number | null;
  names: NamePolicy;
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
    if (place.node) planner.node(place.node, place.names);
    if (place.subtree) await walkTree(ports.trees, place.subtree, place.names, planner, signal);
  }
  return planner.plan;
}

class Planner {
  readonly plan: RestorePlan = { folders: [], files: [], totalBytes: 0, renamed: [], skipped: [], failures: [] };
  /** Platform names of the folders planned so far, by raw path; a place that was picked itself has no folder above. */
  private readonly targets = new Map<string, readonly string[]>();
  private readonly names = new Map<string, FolderNames>();

  constructor(private readonly ports: RestorePlanPorts) {}

  node(node: Node, path: readonly RawName[]): void {
    if (node.type !== "dir" && node.type !== "file") {
      this.plan.skipped.push({ path, type: node.type });
      return;
    }
    const target = this.targetOf(path);
    const name = path[path.length - 1];
    if (name !== undefined && isRenamed(name, target[target.length - 1] ?? ""))
      this.plan.renamed.push({ path, target });
    if (node.type === "file") this.file(node, path, target);
    else {
      this.targets.set(keyOf(path), target);
      this.plan.folders.push({ path, target });
    }
  }

  failed(path: readonly RawName[], error: unknown): void {
    this.plan.failures.push({ path, error });
  }

  private targetOf(path: readonly RawName[]): readonly string[] {
    const above = keyOf(path.slice(0, -1));
    const folder = this.targets.get(above) ?? [];
    const key = folder.length === 0 ? "" : above;
    const names = this.names.get(key) ?? new FolderNames(this.ports.names);
    this.names.set(key, names);
    return [...folder, names.nameFor(path[path.length - 1] as RawName)];
  }

  private file({ content, size: stated }: Node, path: readonly RawName[], target: readonly string[]): void {
    if (content === null) {
      this.failed(path, new FormatError("tree-malformed", { reason: "no content" }));
      return;
    }
    const lengths = content.map((id) => this.ports.lengthOf(id));
    const missing = content[lengths.indexOf(null)];
    if (missing !== undefined) {
      this.failed(path, new IntegrityError("blob-missing", { type: "data", blob: missing }));
      return;
    }
    const known = lengths.map((length) => length ?? 0);
    const size = known.reduce((sum, length) => sum + length, 0);
    // The chunks are verified and all there is, so a file of another size than stated is restored all the same.
    if (stated !== BigInt(size))
      this.failed(path, new IntegrityError("file-size-mismatch", { stated: Number(stated), found: size }));
    this.plan.files.push({ path, target, content, lengths: known, size });
    this.plan.totalBytes += size;
  }
}

/** NUL is in no plain name. */
function keyOf(path: readonly RawName[]): string {
  return path.join("\0");
}
