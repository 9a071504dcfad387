import { hashId, type Id } from "../base/id.ts";
import type { ExistingFile, FileSink, FileWriter } from "../base/ports.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { PlannedFile } from "./restore-plan.ts";

/**
 * What becomes of files that are there already. "changed": their chunks are compared with the snapshot's, and only what
 * differs is fetched and written, so that an interrupted restore goes on where it was. "never": they are kept as they are.
 */
export type OverwriteMode = "always" | "changed" | "never";

/** What is to be done about one file of a plan. */
export type FileDecision =
  | {
      action: "write";
      planned: PlannedFile;
      /** Positions in its content of the chunks that are missing at the target. */
      chunks: readonly number[];
      open(): Promise<FileWriter>;
    }
  /** All is there already. */
  | { action: "unchanged"; planned: PlannedFile }
  /** There is a file, which stays. */
  | { action: "keep"; planned: PlannedFile }
  | { action: "fail"; planned: PlannedFile; error: unknown };

/** So many files are looked at, and so many bytes of them read, at once. */
const filesAhead = 16;
const bytesAhead = 32 * 1024 * 1024;

/** Looks at what is at the target already, a little ahead of whoever asks. */
export class ExistingFiles {
  private readonly reading = new Semaphore(bytesAhead);

  constructor(
    private readonly sink: FileSink,
    private readonly mode: OverwriteMode,
  ) {}

  /** A decision for each file, in their order. */
  async *decide(files: Iterable<PlannedFile>, signal: AbortSignal): AsyncGenerator<FileDecision, void, undefined> {
    const ahead: Promise<FileDecision>[] = [];
    for (const planned of files) {
      const decision = this.decideOne(planned, signal);
      decision.catch(() => {}); // thrown when its turn comes
      ahead.push(decision);
      if (ahead.length >= filesAhead) yield (await ahead.shift()) as FileDecision;
    }
    for (const decision of ahead) yield await decision;
  }

  private async decideOne(planned: PlannedFile, signal: AbortSignal): Promise<FileDecision> {
    if (this.mode === "always") return this.writeAnew(planned);
    try {
      const existing = await this.sink.existing(planned.target);
      if (existing === null) return this.writeAnew(planned);
      if (this.mode === "never") return { action: "keep", planned };
      return await this.compare(planned, existing, signal);
    } catch (error) {
      signal.throwIfAborted();
      return { action: "fail", planned, error };
    }
  }

  private writeAnew(planned: PlannedFile): FileDecision {
    const chunks = Array.from(planned.content.keys());
    const open = () => this.sink.file(planned.target, planned.size, this.mode === "always");
    return { action: "write", planned, chunks, open };
  }

  private async compare(planned: PlannedFile, existing: ExistingFile, signal: AbortSignal): Promise<FileDecision> {
    const chunks = await this.differingChunks(planned, existing.blob, signal);
    if (chunks.length === 0 && existing.blob.size === planned.size) return { action: "unchanged", planned };
    return { action: "write", planned, chunks, open: () => existing.amend(planned.size) };
  }

  private async differingChunks(planned: PlannedFile, blob: Blob, signal: AbortSignal): Promise<number[]> {
    const differing: number[] = [];
    const comparing: Promise<void>[] = [];
    let offset = 0;
    for (const [position, id] of planned.content.entries()) {
      const length = planned.lengths[position] ?? 0;
      await this.reading.acquire(length, signal);
      const chunk = blob.slice(offset, offset + length);
      const comparison = isChunk(chunk, id, length)
        .then((isSame) => void (isSame || differing.push(position)))
        .finally(() => this.reading.release(length));
      comparing.push(comparison);
      offset += length;
    }
    await Promise.all(comparing);
    return differing.sort((a, b) => a - b);
  }
}

/** What cannot be read is not what it should be: it is written anew. */
async function isChunk(blob: Blob, id: Id, length: number): Promise<boolean> {
  if (blob.size !== length) return false;
  try {
    return (await hashId(new Uint8Array(await blob.arrayBuffer()))) === id;
  } catch {
    return false;
  }
}
