/**
 * The byte kernels of the codec, in AssemblyScript. One source, three builds (see ../build.mjs): relaxed SIMD, SIMD and
 * scalar. The host is src/core/codec/kernel.ts, the only caller: it copies bytes into the window, piece by piece, so
 * that they are still in the processor's cache when the kernel reads them, and the memory never has to grow.
 */
export { prepareChunker, findCut } from "./chunker";
export { beginMac, updateMac, finishMac } from "./poly1305";
export { beginHash, updateHash, updateHashes, finishHash } from "./sha256";
export { equal } from "./equality";

/** Where the window begins: behind all static data, at a multiple of 64. */
export function windowOffset(): usize {
  return (__heap_base + 63) & ~63;
}
