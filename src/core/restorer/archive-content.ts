import type { Bytes } from "../base/bytes.ts";
import type { Id } from "../base/id.ts";
import { type DataSource, readChunks } from "./content-reader.ts";
import type { PlannedEntry, PlannedFile } from "./restore-plan.ts";

/** The contents of an archive's files. */
export interface ArchiveContent {
  /**
   * The chunks of the entry, none if it has no content; each is the taker's until the next of any entry is asked for. Entries must
   * be asked for in their order, each read to its end.
   */
  of(entry: PlannedEntry): AsyncIterable<Bytes>;
}

export interface ArchiveContentPorts {
  data: DataSource;
  /** Called with each chunk's length before it is given out. */
  onChunk(length: number): void;
  /** Called when a file's chunks are all taken. */
  onFile(): void;
}

/**
 * Reads the contents of many files as one run of chunks, so that twenty thousand small files come as quickly as one large
 * one. `files` are those whose content will be asked for.
 */
export class ArchiveReader implements ArchiveContent {
  private readonly chunks: AsyncGenerator<Bytes, void, undefined>;

  constructor(
    files: Iterable<PlannedFile>,
    private readonly ports: ArchiveContentPorts,
    signal: AbortSignal,
  ) {
    this.chunks = readChunks(ports.data, contentsOf(files), signal);
  }

  async *of(entry: PlannedEntry): AsyncGenerator<Bytes, void, undefined> {
    if (entry.kind !== "file") return;
    for (let left = entry.content.length; left > 0; left--) {
      const { value } = await this.chunks.next();
      if (!value) throw new RangeError("contents must be read in the order of the files");
      this.ports.onChunk(value.length);
      yield value;
    }
    this.ports.onFile();
  }

  /** Ends what is being read ahead. */
  async close(): Promise<void> {
    await this.chunks.return();
  }
}

function* contentsOf(files: Iterable<PlannedFile>): Generator<Id> {
  for (const { content } of files) yield* content;
}
