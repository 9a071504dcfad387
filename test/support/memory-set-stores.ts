import type { Bytes } from "../../src/core/base/bytes.ts";
import type { SetStore } from "../../src/core/base/ports.ts";

/** What a browser profile keeps of sets, for all repositories; claims of runs are there until they are released. */
export class MemorySetStores {
  readonly records = new Map<string, Bytes>();
  readonly running = new Set<string>();
  /** What each call of a store fails with; null: none does. */
  failure: Error | null = null;
  private readonly queues = new Map<string, Promise<unknown>>();

  open(repositoryId: string): SetStore {
    const keyOf = (key: string) => `${repositoryId}/${key}`;
    return {
      place: "device",
      load: async (key) => {
        if (this.failure) throw this.failure;
        return this.records.get(keyOf(key))?.slice() ?? null;
      },
      update: (key, edit) => this.inTurn(keyOf(key), edit),
      claimRun: async (setId) => {
        this.running.add(keyOf(setId));
        return () => this.running.delete(keyOf(setId));
      },
      isRunning: async (setId) => this.running.has(keyOf(setId)),
    };
  }

  private inTurn(key: string, edit: (stored: Bytes | null) => Promise<Bytes | null>): Promise<void> {
    const turn = (this.queues.get(key) ?? Promise.resolve()).then(async () => {
      if (this.failure) throw this.failure;
      const edited = await edit(this.records.get(key)?.slice() ?? null);
      if (edited === null) this.records.delete(key);
      else this.records.set(key, edited.slice());
    });
    const settled = turn.catch(() => {});
    this.queues.set(key, settled);
    return turn;
  }
}
