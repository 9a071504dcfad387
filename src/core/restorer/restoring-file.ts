import type { Bytes } from "../base/bytes.ts";
import { isAbort } from "../base/errors.ts";
import type { FileWriter } from "../base/ports.ts";
import type { PlannedFile } from "./restore-plan.ts";

/** A file that is to be written, in whole or in part. */
export interface FileToWrite {
  planned: PlannedFile;
  /** Positions in its content of the chunks that will be written. */
  chunks: readonly number[];
  open(): Promise<FileWriter>;
}

export interface RestoringFilePorts {
  /** Called once, when the file has its name and all its bytes. */
  done(file: PlannedFile): void;
  /** Called once, when the file will not be restored; nothing of it is left. */
  failed(file: PlannedFile, error: unknown): void;
}

/**
 * One file while it is restored: opened at its first chunk, closed at its last. After the first failure everything else for
 * it is ignored.
 */
export class RestoringFile {
  private writer: Promise<FileWriter> | null = null;
  private state: "open" | "done" | "failed" = "open";
  private missing: number;

  constructor(
    private readonly file: FileToWrite,
    private readonly ports: RestoringFilePorts,
  ) {
    this.missing = file.chunks.length;
  }

  get isOver(): boolean {
    return this.state !== "open";
  }

  /**
   * Writes a verified chunk, which is lent (see FileWriter.write); closes the file after the last. False if it was not
   * written.
   */
  async write(position: number, bytes: Bytes): Promise<boolean> {
    return this.attempt(async () => {
      const writer = await this.open();
      await writer.write(position, bytes);
      this.missing--;
      if (this.missing === 0) await this.close();
    });
  }

  /** Makes a file for which no chunk is to be written: an empty one, or one that is only too long. */
  async finish(): Promise<void> {
    await this.attempt(() => this.close());
  }

  /** Gives the file up: what was written of it is removed. */
  async fail(error: unknown): Promise<void> {
    if (this.isOver) return;
    this.state = "failed";
    this.ports.failed(this.file.planned, error);
    await this.remove();
  }

  /** Removes an incomplete file without a report: the whole restore is over. */
  async discard(): Promise<void> {
    if (this.isOver) return;
    this.state = "failed";
    await this.remove();
  }

  private open(): Promise<FileWriter> {
    this.writer ??= this.file.open();
    return this.writer;
  }

  private async close(): Promise<void> {
    const writer = await this.open();
    await writer.close();
    this.state = "done";
    this.ports.done(this.file.planned);
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    if (this.isOver) return false;
    try {
      await work();
      return true;
    } catch (error) {
      if (isAbort(error)) throw error;
      await this.fail(error);
      return false;
    }
  }

  private async remove(): Promise<void> {
    const writer = await this.writer?.catch(() => null);
    await writer?.abort().catch(() => {}); // the failure that led here is the one to report
  }
}
