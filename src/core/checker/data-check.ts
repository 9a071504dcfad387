import type { ListedFile } from "../backend/backend.ts";
import { IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { PackedBlob } from "../format/pack-header.ts";
import { type DataDamage, PackReader, type PackReaderPorts } from "./pack-reader.ts";

/** What a check of the data needs of a repository. */
export interface CheckedRepository extends PackReaderPorts {
  readonly index: {
    hasPack(pack: Id): boolean;
    packLengths(): { id: Id; length: number }[];
    blobsListedIn(pack: Id): PackedBlob[];
  };
  refreshIndex(signal: AbortSignal): Promise<void>;
  listPacks(signal: AbortSignal): Promise<ListedFile[]>;
}

/** Bytes of packs in memory at once: some five of the usual size, or a single one that is larger. */
const memoryBytes = 96 * 1024 * 1024;

/**
 * Reads every pack that the index names, as `restic check --read-data` does: its name is its hash, its header tells what the
 * index tells, and each of its blobs opens to what its id says. Goes on at what is damaged. What it counts can be looked at
 * while it runs.
 */
export class DataCheck {
  packsDone = 0;
  packsTotal = 0;
  bytesDone = 0;
  /** Bytes of the packs that are read: those that are named and stored. */
  bytesTotal = 0;
  blobsDone = 0;
  /** Everything that is wrong, in no order. */
  damages: DataDamage[] = [];
  /** Packs that are stored and that no index names: of a backup that runs, or was cut off, or left by a prune. No damage. */
  unnamed: readonly ListedFile[] = [];
  private readonly memory = new Semaphore(memoryBytes);
  private readonly reader: PackReader;

  constructor(private readonly repository: CheckedRepository) {
    this.reader = new PackReader(repository, memoryBytes);
  }

  /**
   * Runs once. Throws the signal's reason, and what says nothing about a single pack: a refused login, an index file that
   * cannot be read.
   */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const running = AbortSignal.any([signal, failed.signal]);
    const work: Promise<void>[] = [];
    try {
      for (const pack of await this.plan(running)) {
        await this.memory.acquire(pack.length, running);
        const check = this.checkPack(pack, running)
          .catch((error: unknown) => failed.abort(error))
          .finally(() => this.memory.release(pack.length));
        work.push(check);
      }
    } finally {
      await Promise.all(work);
    }
    running.throwIfAborted();
    await this.forgivePrune(running);
  }

  /**
   * [Note: no lock for a check] Reading takes no lock, and so a prune may remove packs meanwhile. But before it does, it has
   * stored an index that names them no more, and what no index names any more is not missed.
   */
  private async forgivePrune(signal: AbortSignal): Promise<void> {
    if (this.damages.length === 0) return;
    await this.repository.refreshIndex(signal);
    this.damages = this.damages.filter(({ pack }) => this.repository.index.hasPack(pack));
  }

  /** The packs to read. Notes those that are missing, of a wrong length, or unnamed. */
  private async plan(signal: AbortSignal): Promise<ListedFile[]> {
    const { index } = this.repository;
    // Listed when the index is known: what it names was stored before, so what is not listed is lost.
    await this.repository.refreshIndex(signal);
    const listed = await this.repository.listPacks(signal);
    const stored = new Map(listed.map((pack) => [pack.id, pack]));
    const packs: ListedFile[] = [];
    for (const { id, length } of index.packLengths()) {
      const pack = stored.get(id);
      if (pack === undefined) this.noteMissing(id);
      else packs.push(pack);
      if (pack !== undefined && pack.length !== length) this.noteLength(pack, length);
    }
    this.unnamed = listed.filter(({ id }) => !index.hasPack(id));
    this.packsTotal = packs.length;
    this.bytesTotal = packs.reduce((sum, { length }) => sum + length, 0);
    return packs;
  }

  private async checkPack(pack: ListedFile, signal: AbortSignal): Promise<void> {
    const listed = this.repository.index.blobsListedIn(pack.id);
    const first = await this.reader.read(pack, listed, signal);
    // Damage may have happened on the way: what is damaged where it lies is so the second time, too.
    const damages = first.length === 0 ? first : await this.reader.read(pack, listed, signal);
    this.damages.push(...damages);
    this.packsDone++;
    this.bytesDone += pack.length;
    this.blobsDone += listed.length;
  }

  private noteMissing(pack: Id): void {
    this.damages.push({ pack, blob: null, error: new IntegrityError("pack-missing", { pack }) });
  }

  private noteLength({ id: pack, length: found }: ListedFile, expected: number): void {
    this.damages.push({
      pack,
      blob: null,
      error: new IntegrityError("pack-length-mismatch", { pack, expected, found }),
    });
  }
}
