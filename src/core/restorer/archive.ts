import type { Bytes } from "../base/bytes.ts";
import type { Id } from "../base/id.ts";
import { type ArchiveContent, ArchiveReader } from "./archive-content.ts";
import { gathered } from "./gathered-pieces.ts";
import { type PlannedEntry, type PlannedFile, planRestore, type RestorePlan, type TargetKind } from "./restore-plan.ts";
import { dataOf, type RestorerRepository } from "./restorer.ts";
import { tarFiles, tarLength, tarTarget, writeTar } from "./tar.ts";
import { writeZip, zipLength, zipTarget } from "./zip.ts";

export type ArchiveFormat = "zip" | "tar";

export interface ArchiveOptions {
  snapshot: Id;
  /** Node positions of what goes in; the empty path is the whole snapshot. */
  paths: readonly (readonly number[])[];
  format: ArchiveFormat;
}

interface Format {
  target: TargetKind;
  length(entries: readonly PlannedEntry[]): number;
  /** The files whose content is in the archive, in its order. */
  files(plan: RestorePlan): Iterable<PlannedFile>;
  write(entries: readonly PlannedEntry[], content: ArchiveContent): AsyncGenerator<Bytes, void, undefined>;
}

const formats: Record<ArchiveFormat, Format> = {
  zip: { target: zipTarget, length: zipLength, files: ({ files }) => files, write: writeZip },
  tar: { target: tarTarget, length: tarLength, files: ({ entries }) => tarFiles(entries), write: writeTar },
};

/** One archive of things in a snapshot: planned, then written. What it counts can be looked at meanwhile. */
export class Archive {
  readonly counts = { filesDone: 0, bytesDone: 0 };
  private planned: { plan: RestorePlan; length: number } | null = null;

  constructor(
    private readonly repository: RestorerRepository,
    private readonly options: ArchiveOptions,
  ) {}

  get plan(): RestorePlan | null {
    return this.planned?.plan ?? null;
  }

  /**
   * Finds out what will be in it, and its exact length in bytes. Files whose chunks no index names are left out and among
   * the plan's failures, since a length that was told cannot be kept without them.
   */
  async prepare(signal: AbortSignal): Promise<{ plan: RestorePlan; length: number }> {
    const { repository, options } = this;
    const { target, length } = formats[options.format];
    const { tree } = await repository.loadSnapshot(options.snapshot, signal);
    const ports = { trees: repository.trees, lengthOf: dataOf(repository).lengthOf, target };
    const plan = await planRestore(ports, tree, options.paths, signal);
    this.planned = { plan, length: length(plan.entries) };
    return this.planned;
  }

  /**
   * The archive's bytes, as many as prepare() said, in pieces that belong to the taker. Throws at the first chunk that
   * cannot be had: whoever got the pieces until then must not take them for an archive.
   */
  async *pieces(signal: AbortSignal): AsyncGenerator<Bytes, void, undefined> {
    const { plan } = this.planned ?? (await this.prepare(signal));
    const { files, write } = formats[this.options.format];
    const ports = {
      data: dataOf(this.repository),
      onChunk: (length: number) => {
        this.counts.bytesDone += length;
      },
      onFile: () => {
        this.counts.filesDone++;
      },
    };
    const reader = new ArchiveReader(files(plan), ports, signal);
    try {
      yield* gathered(write(plan.entries, reader));
      // Hard links are files without a content of their own.
      Object.assign(this.counts, { filesDone: plan.files.length, bytesDone: plan.totalBytes });
    } finally {
      await reader.close();
    }
  }
}
