import type { Bytes } from "../core/base/bytes.ts";
import { HoldallError } from "../core/base/errors.ts";
import { Semaphore } from "../core/base/semaphore.ts";
import type { IndexRecords } from "../core/codec/blob-record.ts";
import type {
  BlobReceiver,
  BlobToOpen,
  BlobType,
  CheckedPack,
  Codec,
  CompressionMode,
  FileStretch,
  FileToSave,
  LargeFile,
  OpenedBlob,
  PackToCheck,
  SavedFile,
  SaveJob,
  SealedBlob,
} from "../core/codec/codec.ts";
import { type SmallContents, saveSmallFiles } from "../core/codec/small-files.ts";
import { installTrustedTypes } from "../platform/trusted-types.ts";
import { takeChecked } from "./checked-packs.ts";
import type { CodecApi, CodecSettings, ReceiverApi, WireJob } from "./codec-service.ts";
import { takeOpened } from "./opened-blobs.ts";
import { type Connection, connect, serve, transfer, wholeBuffer } from "./rpc.ts";
import type { SpawnedWorker } from "./starting-worker.ts";

export interface CodecPoolOptions extends CodecSettings {
  /** How many workers; default: about one a core. */
  workers?: number;
  /** Starts a worker that runs serveCodec; default: codec-worker.ts. */
  spawn?: () => SpawnedWorker;
}

/**
 * The codec as a pool of workers, least busy first. A worker that dies rejects its calls with "worker-died" and is
 * replaced at the next call. close() ends all workers, and with them their copies of the key.
 */
export class CodecPool implements Codec {
  readonly parallelism: number;
  private readonly room: Semaphore;
  private readonly slots: Slot[];
  private readonly receivers = new Map<number, BlobReceiver>();
  private lastReceiver = 0;
  private closed = false;
  private build = "";

  private constructor(
    private readonly settings: CodecSettings,
    private readonly spawn: () => SpawnedWorker,
    workers: number,
  ) {
    this.parallelism = workers * callsPerWorker;
    this.room = new Semaphore(this.parallelism);
    this.slots = Array.from({ length: workers }, () => ({ worker: null, inFlight: 0 }));
  }

  /** A pool whose workers have all started. Throws UnsupportedError "kernel-unavailable", "worker-died" if one cannot. */
  static async create(options: CodecPoolOptions): Promise<CodecPool> {
    const { workers = workersFor(navigator.hardwareConcurrency), spawn = spawnCodecWorker, ...settings } = options;
    const pool = new CodecPool(settings, spawn, workers);
    try {
      await Promise.all(pool.slots.map((slot) => pool.workerOf(slot).ready));
      return pool;
    } catch (error) {
      pool.close();
      throw error;
    }
  }

  /** Which kernels the workers chose. */
  get kernelBuild(): string {
    return this.build;
  }

  saveSmallFiles(files: readonly FileToSave[], job: SaveJob): Promise<SavedFile[]> {
    const { signal } = job;
    return this.withJob(job, (api, wireJob) => {
      // Read here: sending thousands of Files to other threads costs the browser more than sending their bytes.
      const save = (contents: SmallContents) =>
        api.saveContents(transfer({ contents, job: wireJob }, [contents.bytes.buffer]), { signal });
      return saveSmallFiles(files, save, signal);
    });
  }

  saveStretch(
    file: LargeFile,
    offset: number,
    onCut: (nextOffset: number) => void,
    job: SaveJob,
  ): Promise<FileStretch> {
    return this.withJob(job, (api, wireJob) =>
      api.saveStretch({ file, offset, job: wireJob }, { signal: job.signal, onProgress: onCut }),
    );
  }

  sealBlob(type: BlobType, plain: Bytes, compression: CompressionMode, signal: AbortSignal): Promise<SealedBlob> {
    return this.run(signal, (api) => {
      const whole = wholeBuffer(plain);
      return api.sealBlob(transfer({ type, plain: whole, compression }, [whole.buffer]), { signal });
    });
  }

  openBlobs(sealed: Bytes, blobs: readonly BlobToOpen[], signal: AbortSignal): Promise<OpenedBlob[]> {
    return this.run(signal, async (api) =>
      takeOpened(await api.openBlobs(transfer({ sealed, blobs }, [sealed.buffer]), { signal })),
    );
  }

  checkPack(pack: PackToCheck, signal: AbortSignal): Promise<CheckedPack> {
    return this.run(signal, async (api) =>
      takeChecked(await api.checkPack(transfer(pack, [pack.sealed.buffer]), { signal })),
    );
  }

  openIndex(sealed: Bytes, signal: AbortSignal): Promise<IndexRecords> {
    return this.run(signal, (api) => {
      const whole = wholeBuffer(sealed);
      return api.openIndex(transfer({ sealed: whole }, [whole.buffer]), { signal });
    });
  }

  close(): void {
    this.closed = true;
    for (const slot of this.slots) slot.worker?.end();
  }

  /** Runs a call that gives chunks to the job's receiver, which workers know by a number. */
  private async withJob<Result>(
    { compression, receiver, signal }: SaveJob,
    call: (api: CodecApi, job: WireJob) => Promise<Result>,
  ): Promise<Result> {
    const number = ++this.lastReceiver;
    this.receivers.set(number, receiver);
    try {
      return await this.run(signal, (api) => call(api, { compression, receiver: number }));
    } finally {
      this.receivers.delete(number);
    }
  }

  private run<Result>(signal: AbortSignal, call: (api: CodecApi) => Promise<Result>): Promise<Result> {
    return this.room.with(1, signal, async () => {
      const slot = leastBusy(this.slots);
      slot.inFlight++;
      try {
        const worker = this.workerOf(slot);
        await worker.ready;
        return await call(worker.api);
      } finally {
        slot.inFlight--;
      }
    });
  }

  private workerOf(slot: Slot): CodecWorker {
    if (this.closed) throw new HoldallError("closed");
    slot.worker ??= this.start(slot);
    return slot.worker;
  }

  private start(slot: Slot): CodecWorker {
    const port = this.spawn();
    const leave = () => {
      worker.end();
      if (slot.worker === worker) slot.worker = null;
    };
    const connection: Connection<CodecApi> = connect<CodecApi>(port, leave);
    const service = serve<ReceiverApi>(port, {
      claim: ({ receiver, ids }) => this.receiver(receiver).claim(ids),
      store: async ({ receiver, batch }) => {
        const buffer = await this.receiver(receiver).store(batch);
        return transfer(buffer, [buffer.buffer]);
      },
    });
    const worker: CodecWorker = {
      api: connection.api,
      ready: connection.api.init(this.settings).then(({ kernelBuild }) => {
        this.build = kernelBuild;
      }),
      end() {
        connection.close();
        service.close();
        port.terminate();
      },
    };
    worker.ready.catch(leave);
    return worker;
  }

  private receiver(number: number): BlobReceiver {
    const receiver = this.receivers.get(number);
    if (receiver === undefined) throw new HoldallError("closed", { reason: "the job has ended" });
    return receiver;
  }
}

/** Two, so that one call reads while another seals. */
const callsPerWorker = 2;

interface Slot {
  worker: CodecWorker | null;
  inFlight: number;
}

interface CodecWorker {
  readonly api: CodecApi;
  readonly ready: Promise<void>;
  end(): void;
}

/** About one worker a core; the repository worker and the browser want the rest. */
export function workersFor(cores: number): number {
  return Math.min(8, Math.max(2, cores));
}

function leastBusy(slots: readonly Slot[]): Slot {
  return slots.reduce((least, slot) => (slot.inFlight < least.inFlight ? slot : least));
}

/** Starts a worker for a pool, which it waits for. */
export function spawnCodecWorker(): SpawnedWorker {
  // The page's CSP holds in the repository worker too.
  installTrustedTypes();
  return new Worker(new URL("./codec-worker.ts", import.meta.url), { type: "module", name: "holdall-codec" });
}
