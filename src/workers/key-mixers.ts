import type { Bytes } from "../core/base/bytes.ts";
import { HoldallError } from "../core/base/errors.ts";
import type { KernelSource } from "../core/base/ports.ts";
import { BlockMixer, mixerMemory } from "../core/codec/block-mixer.ts";
import type { KdfCost } from "../core/codec/kdf.ts";
import type { Method } from "./repository-api.ts";
import { type Connection, connect, type RpcPort, serve, transfer } from "./rpc.ts";

/** What a worker does for scrypt, on a port of its own. */
interface MixApi {
  /** Comes first. Throws if it cannot mix. */
  prepare: Method<Record<never, never>, void>;
  /** The block is moved there, and wiped. */
  mix: Method<{ block: Bytes; cost: KdfCost }, Bytes>;
  /** Comes last: nothing of what was mixed is in its memory any more. */
  end: Method<Record<never, never>, void>;
}

/** All tables together; a larger one is made alone. */
const memoryBudgetBytes = 256 * 1024 ** 2;
/** Workers that have not loaded by then are done without. */
const patienceMs = 2000;

/** Lets a worker mix for whoever sends it a port. */
export function serveMixing(worker: RpcPort, kernels: KernelSource): void {
  worker.addEventListener("message", (event) => {
    const { data } = event as MessageEvent<unknown>;
    if (typeof data === "object" && data !== null && "mixing" in data && data.mixing instanceof MessagePort)
      serveOnPort(data.mixing, kernels);
  });
}

function serveOnPort(port: MessagePort, kernels: KernelSource): void {
  let mixer: BlockMixer | null = null;
  serve<MixApi>(port, {
    async prepare() {
      mixer = await BlockMixer.load(kernels);
    },
    mix({ block, cost }) {
      if (mixer === null) throw new HoldallError("bug", { reason: "mixing before it was prepared" });
      const mixed = mixer.mix(block, cost);
      block.fill(0);
      return transfer(mixed, [mixed.buffer]);
    },
    end: () => mixer?.wipe(),
  });
}

/**
 * Mixes scrypt's blocks side by side in workers that have nothing else to do yet. Null if none of them can, or one fails.
 * Each is given one block at a time, so that one that is slow to load keeps nobody waiting.
 */
export async function mixInWorkers(workers: readonly RpcPort[], blocks: Bytes, cost: KdfCost): Promise<Bytes | null> {
  const most = Math.max(1, Math.floor(memoryBudgetBytes / mixerMemory(cost)));
  const mixers = workers.slice(0, Math.min(most, cost.p)).map(connectMixer);
  try {
    return (await isAnyReady(mixers)) ? await mixAll(mixers, blocks, cost) : null;
  } catch {
    return null;
  } finally {
    for (const mixer of mixers) mixer.close();
  }
}

interface Mixer {
  api: Connection<MixApi>["api"];
  ready: Promise<void>;
  close(): void;
}

function connectMixer(worker: RpcPort): Mixer {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ mixing: port2 }, [port2]);
  const { api, close } = connect<MixApi>(port1);
  const ready = api.prepare({});
  return {
    api,
    ready,
    close() {
      api.end({}).catch(() => {});
      close();
      port1.close();
    },
  };
}

async function isAnyReady(mixers: readonly Mixer[]): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const isReady = Promise.any(mixers.map(({ ready }) => ready)).then(
    () => true,
    () => false,
  );
  return Promise.race([isReady, isLate]).finally(() => clearTimeout(timer));
}

/** Resolves when all blocks are mixed, whoever did it: workers that are not ready by then are not waited for. */
function mixAll(mixers: readonly Mixer[], blocks: Bytes, cost: KdfCost): Promise<Bytes> {
  const length = blocks.length / cost.p;
  const mixed = new Uint8Array(blocks.length);
  const offsets = Array.from({ length: cost.p }, (_, i) => i * length).values();
  return new Promise((resolve, reject) => {
    let left = cost.p;
    const work = async ({ api }: Mixer) => {
      for (const offset of offsets) {
        const block = blocks.slice(offset, offset + length);
        const result = await api.mix(transfer({ block, cost }, [block.buffer]));
        mixed.set(result, offset);
        result.fill(0);
        left--;
        if (left === 0) resolve(mixed);
      }
    };
    for (const mixer of mixers) {
      // One that cannot mix leaves the blocks to the others.
      const working = mixer.ready.then(
        () => work(mixer),
        () => {},
      );
      working.catch(reject);
    }
  });
}
