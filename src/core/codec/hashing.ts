import { type Bytes, sha256 } from "../base/bytes.ts";
import { hashId, type Id, idOfBytes } from "../base/id.ts";
import type { Kernel } from "./kernel.ts";
import { fewestBusyLanes, hashAll, RunningHash } from "./sha256.ts";

/**
 * [Note: two ways to hash] WebCrypto has the processor's own instructions, and copies what it is given. Of the kernel's ways
 * only that of several inputs side by side comes near. WebCrypto is the faster one for what is neither small, where the call
 * costs more than the work, nor so long that its copy comes from fresh memory: Chromium's allocator takes that for 960 KiB
 * and more. What fresh memory costs differs between machines by a factor of ten, and so it is measured once.
 */
const shortestForWebCrypto = 48 * 1024;
const longestInUsedMemory = 896 * 1024;

/** How many times as long for a byte WebCrypto may take in fresh memory until the kernel with one input is faster. */
const dearestFreshMemory = 3;

/** The ids of the chunks in their order, each hashed in the way that is fastest. The chunks are only read. */
export async function idsOf(kernel: Kernel, chunks: readonly Bytes[]): Promise<Id[]> {
  const isForKernel = ({ length }: Bytes) => length < shortestForWebCrypto || length > longestInUsedMemory;
  const hashing = chunks.map((chunk) => (isForKernel(chunk) ? null : hashId(chunk)));
  const others = chunks.filter(isForKernel);
  const isLanes = kernel.hasHashLanes && others.length >= fewestBusyLanes;
  const hashes = isLanes ? hashAll(kernel, others) : await Promise.all(others.map((chunk) => hashAlone(kernel, chunk)));
  const next = hashes.values();
  return Promise.all(hashing.map((id) => id ?? idOfBytes(next.next().value as Bytes)));
}

/** The hash of one input of any length; the caller owns the 32 bytes. The input is read before the promise is returned. */
export async function hashAlone(kernel: Kernel, bytes: Bytes): Promise<Bytes> {
  const isLong = bytes.length > longestInUsedMemory;
  if (isLong ? isFreshMemoryCheap === true : bytes.length >= shortestForWebCrypto) return sha256(bytes);
  const hash = new RunningHash(kernel);
  hash.update(bytes);
  return hash.finish();
}

/** Null until it was measured. */
let isFreshMemoryCheap: boolean | null = null;

/** Finds out, once in a thread, how long inputs are best hashed: takes some ten milliseconds. Until then, in the kernel. */
export async function measureFreshMemory(): Promise<void> {
  if (isFreshMemoryCheap !== null) return;
  isFreshMemoryCheap = false;
  const input = new Uint8Array(4 * longestInUsedMemory);
  let cheapest = Number.POSITIVE_INFINITY;
  // The best of two: whatever disturbs makes it slower.
  for (let round = 0; round < 2; round++) {
    const shortMs = await milliseconds(async () => {
      for (let at = 0; at < input.length; at += longestInUsedMemory) {
        await sha256(input.subarray(at, at + longestInUsedMemory));
      }
    });
    cheapest = Math.min(cheapest, (await milliseconds(() => sha256(input))) / shortMs);
  }
  isFreshMemoryCheap = cheapest < dearestFreshMemory;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
