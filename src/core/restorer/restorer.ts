import type { Bytes } from "../base/bytes.ts";
import { HoldallError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { FileSink } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import type { OpenedBlob } from "../codec/codec.ts";
import type { Snapshot } from "../format/snapshot.ts";
import { findPlace, type TreeSource } from "../repository/tree-walker.ts";
import { contentLength, type DataSource, readContent } from "./content-reader.ts";
import { FolderRestorer, type RestoreCounts } from "./folder-restorer.ts";
import type { NamePolicy } from "./name-policy.ts";
import { planRestore, type RestorePlan } from "./restore-plan.ts";

/** What the restorer needs of a repository. */
export interface RestorerRepository {
  readonly trees: TreeSource;
  readonly index: { plainLength(type: "data", id: Id): number | null };
  readonly blobs: {
    loadEach(
      type: "data",
      ids: Iterable<Id>,
      deliver: (id: Id, opened: OpenedBlob) => Promise<void>,
      signal: AbortSignal,
    ): Promise<void>;
  };
  loadSnapshot(id: Id, signal: AbortSignal): Promise<Snapshot>;
}

export interface RestoreOptions {
  snapshot: Id;
  /** Node positions of what to restore; the empty path is the whole snapshot. */
  paths: readonly (readonly number[])[];
  sink: FileSink;
  names: NamePolicy;
  /** Replace files that are already at the target. */
  overwrite: boolean;
}

export interface FailedRestore {
  path: readonly RawName[];
  error: unknown;
}

/** One restore into a folder: plan, folders, files. What it counts can be looked at while it runs. */
export class Restorer {
  phase: "planning" | "restoring" = "planning";
  readonly counts: RestoreCounts = { filesDone: 0, foldersDone: 0, bytesDone: 0 };
  readonly failures: FailedRestore[] = [];
  plan: RestorePlan | null = null;

  constructor(
    private readonly repository: RestorerRepository,
    private readonly options: RestoreOptions,
  ) {}

  /** Runs once. What cannot be restored is in `failures`; throws what stops all of it, and the signal's reason. */
  async run(signal: AbortSignal): Promise<RestorePlan> {
    const { repository, options } = this;
    const data = dataOf(repository);
    const { tree } = await repository.loadSnapshot(options.snapshot, signal);
    const ports = { trees: repository.trees, lengthOf: data.lengthOf, names: options.names };
    this.plan = await planRestore(ports, tree, options.paths, signal);
    this.failures.push(...this.plan.failures);
    this.phase = "restoring";
    const restorer = new FolderRestorer({
      data,
      sink: options.sink,
      overwrite: options.overwrite,
      counts: this.counts,
      failed: (path, error) => this.failures.push({ path, error }),
    });
    await restorer.restore(this.plan, signal);
    return this.plan;
  }
}

export interface FileContent {
  length: number;
  /** The verified bytes in order; each buffer is the taker's. Nothing is loaded before the first is asked for. */
  chunks: AsyncGenerator<Bytes, void, undefined>;
}

/** One file of a snapshot. Throws "not-found-in-snapshot" if there is no file at this place, IntegrityError "blob-missing". */
export async function openFile(
  repository: RestorerRepository,
  snapshot: Id,
  path: readonly number[],
  signal: AbortSignal,
): Promise<FileContent> {
  const { tree } = await repository.loadSnapshot(snapshot, signal);
  const { node } = await findPlace(repository.trees, tree, path, signal);
  if (node?.type !== "file" || node.content === null) {
    throw new HoldallError("not-found-in-snapshot", { path: path.join(".") });
  }
  const data = dataOf(repository);
  return { length: contentLength(data, node.content), chunks: readContent(data, node.content, signal) };
}

function dataOf(repository: RestorerRepository): DataSource {
  return {
    lengthOf: (id) => repository.index.plainLength("data", id),
    loadEach: (ids, deliver, signal) => repository.blobs.loadEach("data", ids, deliver, signal),
  };
}
