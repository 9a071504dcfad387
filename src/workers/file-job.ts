import type { ErrorCode } from "../core/base/errors.ts";
import { openFile, type RestorerRepository } from "../core/restorer/restorer.ts";
import type { NodePath, RestoreProgress } from "./repository-api.ts";
import type { StreamWriter } from "./stream-port.ts";
import { idOf } from "./wire-id.ts";

/** One file on its way into a download. */
export class FileJob {
  private filesDone = 0;
  private bytesDone = 0;
  private bytesTotal = 0;

  constructor(
    private readonly repository: RestorerRepository,
    private readonly place: { snapshot: string; path: NodePath },
  ) {}

  progress(waiting: ErrorCode | null): RestoreProgress {
    const { filesDone, bytesDone, bytesTotal } = this;
    return { phase: "restoring", filesDone, filesTotal: 1, bytesDone, bytesTotal, failures: 0, waiting };
  }

  /** Writes the file; whoever made the writer aborts it if this throws. */
  async save(writer: StreamWriter, signal: AbortSignal): Promise<{ length: number }> {
    const { snapshot, path } = this.place;
    const { length, chunks } = await openFile(this.repository, idOf(snapshot), path, signal);
    this.bytesTotal = length;
    for await (const chunk of chunks) {
      const chunkLength = chunk.length;
      await writer.write(chunk);
      this.bytesDone += chunkLength;
    }
    await writer.close();
    this.filesDone = 1;
    return { length };
  }
}
