import type { Backend } from "../backend/backend.ts";
import { loadVerified } from "../backend/verified-load.ts";
import { HoldallError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { Codec } from "../codec/codec.ts";
import { MasterIndex } from "./master-index.ts";
import { namingFile } from "./unpacked-files.ts";

export interface IndexLoaderPorts {
  backend: Backend;
  /** Opens and decodes the files, on all cores where it is a pool. */
  codec: Pick<Codec, "openIndex">;
}

/** Index files of the load that runs, or ran last. */
export interface IndexProgress {
  filesDone: number;
  filesTotal: number;
}

/**
 * Keeps a master index at what the index files in the repository say. The first load belongs to nobody: it goes on while
 * those who need no index work, and whoever needs one waits for it.
 */
export class IndexLoader {
  progress: Readonly<IndexProgress> = { filesDone: 0, filesTotal: 0 };
  private loaded = new Set<Id>();
  private isDoubtful = false;
  private isComplete = false;
  private first: Promise<void> | null = null;
  private readonly closing = new AbortController();

  constructor(
    private readonly ports: IndexLoaderPorts,
    private readonly index: MasterIndex,
  ) {}

  /** An index file that this program has written and whose packs are in the master index already. */
  wrote(id: Id): void {
    this.loaded.add(id);
  }

  /** The master index may name packs that no index file does: it is loaded anew next time. */
  doubt(): void {
    this.isDoubtful = true;
  }

  /**
   * The index, once all files that were there at first are in it. Throws what loading them threw; whoever asks after that
   * has it tried again. The signal ends the waiting alone.
   */
  async complete(signal: AbortSignal): Promise<MasterIndex> {
    while (!this.isComplete) {
      this.first ??= this.load(this.closing.signal).finally(() => {
        this.first = null;
      });
      await unlessAborted(this.first, signal);
    }
    return this.index;
  }

  /** Brings the index up to what is stored now. Any unreadable index file is an error that names it. */
  async refresh(signal: AbortSignal): Promise<void> {
    if (this.first !== null) await unlessAborted(this.first, signal).catch(() => signal.throwIfAborted());
    await this.load(AbortSignal.any([signal, this.closing.signal]));
  }

  /** Ends what runs. */
  close(): void {
    this.closing.abort(new HoldallError("closed"));
  }

  /**
   * Loads index files that are new. If one that was loaded is gone (a prune has rewritten the index), everything is loaded
   * anew, and the index changes at once at the end. Any unreadable index file is an error: what it names would be missed.
   */
  private async load(signal: AbortSignal): Promise<void> {
    const listed = await this.ports.backend.list("index", signal);
    const present = new Set(listed.map((file) => file.id));
    const isRewritten = this.isDoubtful || [...this.loaded].some((id) => !present.has(id));
    const target = isRewritten ? new MasterIndex() : this.index;
    const missing = isRewritten ? [...present] : [...present].filter((id) => !this.loaded.has(id));
    await this.loadInto(target, missing, signal);
    if (isRewritten) this.index.takeOver(target);
    this.loaded = present;
    this.isDoubtful = false;
    this.isComplete = true;
  }

  private async loadInto(target: MasterIndex, ids: readonly Id[], signal: AbortSignal): Promise<void> {
    const progress = { filesDone: 0, filesTotal: ids.length };
    this.progress = progress;
    const queue = ids.values();
    const loadNext = async () => {
      for (const id of queue) {
        await this.loadFile(target, id, signal);
        progress.filesDone++;
      }
    };
    await Promise.all(Array.from({ length: this.ports.backend.connections }, loadNext));
  }

  private async loadFile(target: MasterIndex, id: Id, signal: AbortSignal): Promise<void> {
    const sealed = await loadVerified(this.ports.backend, { type: "index", id }, signal);
    try {
      target.addFile(await this.ports.codec.openIndex(sealed, signal));
    } catch (error) {
      throw namingFile(error, "index", id);
    }
  }
}

/** The outcome of work that goes on when the signal aborts. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
