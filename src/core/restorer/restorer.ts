import type { Bytes } from "../base/bytes.ts";
import { HoldallError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { FileSink } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import type { Snapshot } from "../format/snapshot.ts";
import type { Deliver } from "../repository/blob-loader.ts";
import { findPlace, type TreeSource } from "../repository/tree-walker.ts";
import { contentLength, type DataSource, readChunks } from "./content-reader.ts";
import type { OverwriteMode } from "./existing-files.ts";
import { FolderRestorer, noCounts, type RestoreCounts } from "./folder-restorer.ts";
import type { NamePolicy } from "./name-policy.ts";
import { type PlannedFile, planRestore, type RestorePlan, type TargetKind } from "./restore-plan.ts";

/** What the restorer needs of a repository. */
export interface RestorerRepository {
  readonly trees: TreeSource;
  readonly index: { plainLength(type: "data", id: Id): number | null };
  readonly blobs: {
    loadEach(type: "data", ids: Iterable<Id>, deliver: Deliver, signal: AbortSignal): Promise<void>;
  };
  loadSnapshot(id: Id, signal: AbortSignal): Promise<Snapshot>;
}

export interface RestoreOptions {
  snapshot: Id;
  /** Node positions of what to restore; the empty path is the whole snapshot. */
  paths: readonly (readonly number[])[];
  sink: FileSink;
  names: NamePolicy;
  /** What becomes of files that are already at the target. */
  overwrite: OverwriteMode;
}

export interface FailedRestore {
  path: readonly RawName[];
  error: unknown;
}

/** Files that a restore would meet at its target. */
export interface ExistingCounts {
  /** Files that were looked at. */
  filesSeen: number;
  existing: number;
  existingBytes: number;
}

/** One restore into a folder: plan, folders, files. What it counts can be looked at while it runs. */
export class Restorer {
  phase: "planning" | "restoring" = "planning";
  readonly counts: RestoreCounts = noCounts();
  readonly existing: ExistingCounts = { filesSeen: 0, existing: 0, existingBytes: 0 };
  readonly failures: FailedRestore[] = [];
  plan: RestorePlan | null = null;

  constructor(
    private readonly repository: RestorerRepository,
    private readonly options: RestoreOptions,
  ) {}

  /** Runs once. What cannot be restored is in `failures`; throws what stops all of it, and the signal's reason. */
  async run(signal: AbortSignal): Promise<RestorePlan> {
    const { repository, options } = this;
    const plan = await this.prepare(signal);
    this.phase = "restoring";
    const restorer = new FolderRestorer({
      data: dataOf(repository),
      sink: options.sink,
      overwrite: options.overwrite,
      counts: this.counts,
      failed: (path, error) => this.failures.push({ path, error }),
    });
    await restorer.restore(plan, signal);
    return plan;
  }

  /** What run() would do, and what it would meet; nothing is written. In the place of run(). */
  async lookAhead(signal: AbortSignal): Promise<RestorePlan> {
    const plan = await this.prepare(signal);
    const queue = plan.files.values();
    const lookAtNext = async () => {
      for (const file of queue) {
        signal.throwIfAborted();
        await this.lookAt(file);
      }
    };
    await Promise.all(Array.from({ length: looksAtOnce }, lookAtNext));
    return plan;
  }

  private async prepare(signal: AbortSignal): Promise<RestorePlan> {
    const { repository, options } = this;
    const { tree } = await repository.loadSnapshot(options.snapshot, signal);
    const target: TargetKind = {
      names: options.names,
      comparison: (await options.sink.foldsCase()) ? "case-blind" : "exact",
      specialTypes: new Set(),
      longestPath: Number.POSITIVE_INFINITY,
      refusal: () => null,
    };
    const ports = { trees: repository.trees, lengthOf: dataOf(repository).lengthOf, target };
    this.plan = await planRestore(ports, tree, options.paths, signal);
    this.failures.push(...this.plan.failures);
    return this.plan;
  }

  private async lookAt({ path, target }: PlannedFile): Promise<void> {
    try {
      const existing = await this.options.sink.existing(target);
      this.existing.filesSeen++;
      if (existing === null) return;
      this.existing.existing++;
      this.existing.existingBytes += existing.blob.size;
    } catch (error) {
      if (isAbort(error)) throw error;
      this.failures.push({ path, error });
    }
  }
}

const looksAtOnce = 16;

export interface FileContent {
  length: number;
  /** The verified bytes in order; each chunk is the taker's until the next is asked for. Nothing is loaded before the first is asked for. */
  chunks: AsyncGenerator<Bytes, void, undefined>;
}

/** One file of a snapshot. Throws "not-found-in-snapshot" if there is no file at this place, IntegrityError "blob-missing". */
export async function openFile(
  repository: RestorerRepository,
  snapshot: Id,
  path: readonly number[],
  signal: AbortSignal,
): Promise<FileContent> {
  const content = await contentOf(repository, snapshot, path, signal);
  const data = dataOf(repository);
  return { length: contentLength(data, content), chunks: readChunks(data, content, signal) };
}

/** The verified first bytes of a file, `most` or all there are, and its length; only their chunks are loaded. Throws as openFile. */
export async function readBeginning(
  repository: RestorerRepository,
  snapshot: Id,
  path: readonly number[],
  most: number,
  signal: AbortSignal,
): Promise<{ bytes: Bytes; length: number }> {
  const content = await contentOf(repository, snapshot, path, signal);
  const data = dataOf(repository);
  const length = contentLength(data, content);
  const bytes = new Uint8Array(Math.min(most, length));
  let offset = 0;
  for await (const chunk of readChunks(data, firstChunks(data, content, bytes.length), signal)) {
    bytes.set(chunk.subarray(0, bytes.length - offset), offset);
    offset += chunk.length;
  }
  return { bytes, length };
}

/** As many chunks as hold the first bytes. */
function* firstChunks(data: DataSource, content: readonly Id[], length: number): Generator<Id> {
  let offset = 0;
  for (const id of content) {
    if (offset >= length) return;
    yield id;
    offset += data.lengthOf(id) ?? 0;
  }
}

async function contentOf(
  repository: RestorerRepository,
  snapshot: Id,
  path: readonly number[],
  signal: AbortSignal,
): Promise<readonly Id[]> {
  const { tree } = await repository.loadSnapshot(snapshot, signal);
  const { node } = await findPlace(repository.trees, tree, path, signal);
  if (node?.type !== "file" || node.content === null) {
    throw new HoldallError("not-found-in-snapshot", { path: path.join(".") });
  }
  return node.content;
}

/** Data blobs as the restorer reads them. */
export function dataOf(repository: RestorerRepository): DataSource {
  return {
    lengthOf: (id) => repository.index.plainLength("data", id),
    loadEach: (ids, deliver, signal) => repository.blobs.loadEach("data", ids, deliver, signal),
  };
}
