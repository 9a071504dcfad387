import type { OfflineCopy } from "../backend/offline-copy.ts";
import { treeKey } from "../backend/offline-pin.ts";
import { HoldallError, IntegrityError, QuotaError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { PackRange } from "./pack-range.ts";
import type { TreeLoader } from "./tree-loader.ts";

export interface KeepingProgress {
  treesDone: number;
  /** Trees that are known of so far. */
  treesFound: number;
  /** Length of the blocks that hold them, sealed. */
  bytes: number;
}

/** How many trees are loaded at once. */
const lanes = 5;

/**
 * Keeps all trees of a snapshot in the offline copy until they are dropped. What is there already is not fetched again,
 * so one that was cut off goes on where it was. Throws HoldallError "offline-budget", QuotaError "quota-exceeded" (the
 * browser's storage), and what loading trees throws; the snapshot is held then as it was before.
 */
export async function keepSnapshot(
  { trees, copy }: { trees: TreeLoader; copy: OfflineCopy },
  { id, tree }: { id: Id; tree: Id },
  signal: AbortSignal,
  onProgress: (progress: KeepingProgress) => void = () => {},
): Promise<void> {
  const before = (await copy.held()).get(id) ?? null;
  await copy.refresh();
  const keeping = new Keeping(trees, copy, onProgress);
  await copy.hold(id, { keys: keeping.keys, isWhole: false });
  try {
    await keeping.run(tree, signal);
    await copy.refresh();
    if (!isWithin(await treesIn(copy), keeping.keys)) throw new QuotaError("quota-exceeded");
    await copy.hold(id, { keys: keeping.keys, isWhole: true });
    // The list of them has taken room, too, and perhaps theirs.
    const isKept = (await keptSnapshots(copy)).includes(id);
    if (!isKept) throw new HoldallError("offline-budget", { budgetBytes: copy.budgetBytes });
  } catch (error) {
    await copy.hold(id, before);
    throw error;
  }
}

/** Ends the holding of a snapshot's trees, and removes those that no other kept snapshot has. */
export async function dropSnapshot(copy: OfflineCopy, id: Id): Promise<void> {
  const held = await copy.held();
  const keys = new Set(held.get(id)?.keys);
  for (const [other, pin] of held) if (other !== id) for (const key of pin.keys) keys.delete(key);
  await copy.hold(id, null);
  await copy.remove([...keys]);
}

/** The snapshots all of whose trees are kept, as far as the copy knows without asking the storage again. */
export async function keptSnapshots(copy: OfflineCopy): Promise<Id[]> {
  const kept = await treesIn(copy);
  const pins = [...(await copy.held())];
  return pins.flatMap(([id, { keys, isWhole }]) => (isWhole && isWithin(kept, keys) ? [id] : []));
}

async function treesIn(copy: OfflineCopy): Promise<ReadonlySet<string>> {
  return new Set(await copy.keys("tree/"));
}

function isWithin(kept: ReadonlySet<string>, keys: ReadonlySet<string>): boolean {
  return [...keys].every((key) => kept.has(key));
}

/** One walk through all trees of a snapshot, each once; used once. */
class Keeping {
  readonly keys = new Set<string>();
  private readonly progress: KeepingProgress = { treesDone: 0, treesFound: 0, bytes: 0 };
  private readonly found = new Set<Id>();
  private readonly queue: Id[] = [];
  private readonly fetching = new Map<string, Promise<void>>();

  constructor(
    private readonly trees: TreeLoader,
    private readonly copy: OfflineCopy,
    private readonly onProgress: (progress: KeepingProgress) => void,
  ) {}

  async run(root: Id, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const running = AbortSignal.any([signal, stop.signal]);
    this.find(root);
    // Depth first within a wave: the queue stays as short as the snapshot lets it.
    while (this.queue.length > 0) {
      const wave = this.queue.splice(-lanes);
      const keeping = wave.map((id) => this.keepTree(id, running).catch((error: unknown) => stop.abort(error)));
      await Promise.all(keeping);
      running.throwIfAborted();
    }
  }

  private async keepTree(id: Id, signal: AbortSignal): Promise<void> {
    await this.keepBlock(id, signal);
    const { nodes } = await this.trees.load(id, signal);
    for (const node of nodes) if (node.type === "dir" && node.subtree !== null) this.find(node.subtree);
    this.progress.treesDone++;
    this.onProgress({ ...this.progress });
  }

  private find(id: Id): void {
    if (this.found.has(id)) return;
    this.found.add(id);
    this.queue.push(id);
    this.progress.treesFound++;
  }

  private async keepBlock(id: Id, signal: AbortSignal): Promise<void> {
    const block = await this.bestOf(await this.trees.blocksOf(id, signal));
    if (block === undefined) throw new IntegrityError("blob-missing", { type: "tree", blob: id });
    const key = treeKey(block);
    if (!this.keys.has(key)) {
      // From here on it is held; until now it may have been evicted for another block.
      this.keys.add(key);
      this.progress.bytes += block.length;
      this.fetching.set(key, this.fetch(block, signal));
    }
    await this.fetching.get(key);
  }

  /** One that is kept, if any is. */
  private async bestOf(blocks: readonly PackRange[]): Promise<PackRange | undefined> {
    for (const block of blocks) {
      const key = treeKey(block);
      if (this.keys.has(key) || (await this.copy.has(key))) return block;
    }
    return blocks[0];
  }

  private async fetch(block: PackRange, signal: AbortSignal): Promise<void> {
    if (await this.copy.has(treeKey(block))) return;
    const outcome = await this.trees.keepBlock(block, signal);
    const { budgetBytes } = this.copy;
    if (outcome === "no room") throw new HoldallError("offline-budget", { budgetBytes });
    if (outcome === "no storage") throw new QuotaError("quota-exceeded", { budgetBytes });
  }
}
