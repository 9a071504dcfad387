import type { Backend } from "../backend/backend.ts";
import { loadVerified } from "../backend/verified-load.ts";
import type { Id } from "../base/id.ts";
import type { Codec } from "../codec/codec.ts";
import { MasterIndex } from "./master-index.ts";
import { namingFile } from "./unpacked-files.ts";

export interface IndexLoaderPorts {
  backend: Backend;
  /** Opens and decodes the files, on all cores where it is a pool. */
  codec: Pick<Codec, "openIndex">;
}

/** Keeps a master index at what the index files in the repository say. */
export class IndexLoader {
  private loaded = new Set<Id>();
  private isDoubtful = false;

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
   * Loads index files that are new. If one that was loaded is gone (a prune has rewritten the index), everything is loaded
   * anew, and the index changes at once at the end. Any unreadable index file is an error: what it names would be missed.
   */
  async refresh(signal: AbortSignal, onProgress: (done: number, total: number) => void = () => {}): Promise<void> {
    const listed = await this.ports.backend.list("index", signal);
    const present = new Set(listed.map((file) => file.id));
    const isRewritten = this.isDoubtful || [...this.loaded].some((id) => !present.has(id));
    const target = isRewritten ? new MasterIndex() : this.index;
    const missing = isRewritten ? [...present] : [...present].filter((id) => !this.loaded.has(id));
    await this.loadInto(target, missing, signal, onProgress);
    if (isRewritten) this.index.takeOver(target);
    this.loaded = present;
    this.isDoubtful = false;
  }

  private async loadInto(
    target: MasterIndex,
    ids: readonly Id[],
    signal: AbortSignal,
    onProgress: (done: number, total: number) => void,
  ): Promise<void> {
    let done = 0;
    const queue = ids.values();
    const loadNext = async () => {
      for (const id of queue) {
        await this.loadFile(target, id, signal);
        onProgress(++done, ids.length);
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
