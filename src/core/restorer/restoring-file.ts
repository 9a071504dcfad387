import type { Bytes } from "../base/bytes.ts";
import { isAbort } from "../base/errors.ts";
import type { FileSink, FileWriter } from "../base/ports.ts";
import type { PlannedFile } from "./restore-plan.ts";

export interface RestoringFilePorts {
  sink: FileSink;
  overwrite: boolean;
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
    private readonly planned: PlannedFile,
    private readonly ports: RestoringFilePorts,
  ) {
    this.missing = planned.content.length;
  }

  get isOver(): boolean {
    return this.state !== "open";
  }

  /** Writes a verified chunk, whose buffer is the sink's from then on; closes the file after the last. */
  async write(position: number, bytes: Bytes): Promise<void> {
    await this.attempt(async () => {
      const writer = await this.open();
      await writer.write(position, bytes);
      this.missing--;
      if (this.missing === 0) await this.close();
    });
  }

  /** Makes a file without chunks. */
  async makeEmpty(): Promise<void> {
    await this.attempt(() => this.close());
  }

  /** Gives the file up: what was written of it is removed. */
  async fail(error: unknown): Promise<void> {
    if (this.isOver) return;
    this.state = "failed";
    this.ports.failed(this.planned, error);
    await this.remove();
  }

  /** Removes an incomplete file without a report: the whole restore is over. */
  async discard(): Promise<void> {
    if (this.isOver) return;
    this.state = "failed";
    await this.remove();
  }

  private open(): Promise<FileWriter> {
    this.writer ??= this.ports.sink.file(this.planned.target, this.planned.size, this.ports.overwrite);
    return this.writer;
  }

  private async close(): Promise<void> {
    const writer = await this.open();
    await writer.close();
    this.state = "done";
    this.ports.done(this.planned);
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.isOver) return;
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) throw error;
      await this.fail(error);
    }
  }

  private async remove(): Promise<void> {
    const writer = await this.writer?.catch(() => null);
    await writer?.abort().catch(() => {}); // the failure that led here is the one to report
  }
}
