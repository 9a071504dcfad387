import { installTrustedTypes } from "../platform/trusted-types.ts";
import type { SourceApi } from "./api/source.ts";
import { connect } from "./rpc.ts";
import type { SpawnedWorker } from "./starting-worker.ts";

/**
 * [Note: files are given back by ending their worker] An open file takes some 23 KiB of a browser, in two of its processes,
 * and goes only when the garbage collector of its thread runs, which sees a tenth of that and waits for sixty thousand
 * files. So files are opened in a worker that does nothing else, and that ends when it has opened some thousands.
 */
const mostOpened = 4000;
/** What it has listed it opens itself, so that no handle has to be found again, unless that would be many files more. */
const mostBeyond = 1000;

/** The workers that have the files of one picked folder open: one that opens more, and one that others are read from. */
export class SourceWorkers {
  private current: SourceWorker | null = null;
  private previous: SourceWorker | null = null;
  private limit = mostOpened;
  private isReplacing = false;
  private isClosed = false;

  constructor(
    private readonly handle: FileSystemDirectoryHandle,
    private readonly spawn: () => SpawnedWorker = spawnSourceWorker,
  ) {}

  /** The worker to list a folder with. */
  forListing(): SourceWorker {
    if (this.current === null || this.current.hasEnded) this.current = this.start();
    else if (this.current.opened >= this.limit && !this.isReplacing) void this.replace(this.current);
    return this.current;
  }

  /** The worker that has listed a folder, to open its files with, as long as it takes more. */
  forOpening(worker: SourceWorker | null): SourceWorker {
    const isFull = worker === null || worker.hasEnded || worker.opened >= this.limit + mostBeyond;
    return isFull ? this.forListing() : worker;
  }

  /** The worker that has something open already, unless it has ended: what is needed is opened again then. */
  forReading(worker: SourceWorker): SourceWorker {
    return worker.hasEnded ? this.forListing() : worker;
  }

  close(): void {
    this.isClosed = true;
    this.previous?.end();
    this.current?.end();
  }

  private start(): SourceWorker {
    const worker = new SourceWorker(this.handle, this.spawn());
    if (this.isClosed) worker.end();
    return worker;
  }

  /** A worker that does not start, since its script is not to be had without a network, is done without: memory can wait. */
  private async replace(current: SourceWorker): Promise<void> {
    this.isReplacing = true;
    const next = this.start();
    try {
      await next.ready;
      void this.previous?.endAfterCalls();
      this.previous = current;
      this.current = next;
      this.limit = mostOpened;
    } catch {
      next.end();
      this.limit = current.opened + mostOpened;
    }
    this.isReplacing = false;
    if (this.isClosed) this.close();
  }
}

export class SourceWorker {
  /** Files and handles that it has taken so far, about. */
  opened = 0;
  hasEnded = false;
  /** Rejects if the worker cannot be started. */
  readonly ready: Promise<void>;
  private readonly connection;
  private readonly calls = new Set<Promise<unknown>>();

  constructor(
    handle: FileSystemDirectoryHandle,
    private readonly port: SpawnedWorker,
  ) {
    this.connection = connect<SourceApi>(port, () => this.end());
    this.ready = this.connection.api.init({ handle });
    this.ready.catch(() => {}); // every call tells it
  }

  /** Throws what the call does, "worker-died" and "closed". */
  async call<Result>(opens: number, ask: (api: SourceApi) => Promise<Result>): Promise<Result> {
    this.opened += opens;
    const call = this.ready.then(() => ask(this.connection.api));
    this.calls.add(call);
    try {
      return await call;
    } finally {
      this.calls.delete(call);
    }
  }

  /** Takes no new work, and ends when what was asked of it is done. */
  async endAfterCalls(): Promise<void> {
    this.hasEnded = true;
    await Promise.allSettled(this.calls);
    this.end();
  }

  end(): void {
    this.hasEnded = true;
    this.connection.close();
    this.port.terminate();
  }
}

function spawnSourceWorker(): SpawnedWorker {
  // The page's CSP holds in the repository worker too.
  installTrustedTypes();
  return new Worker(new URL("./source-worker.ts", import.meta.url), { type: "module", name: "holdall-source" });
}
