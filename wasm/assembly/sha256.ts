/**
 * SHA-256, FIPS 180-4. A hash under way is a state of 128 bytes, at an address of the caller's: the eight words of the hash,
 * how many bytes have been taken in, and, in the upper half, the begun block. The caller may move it.
 */
import { stateBytes } from "./sha256-constants";
import { takeBlocksInLanes } from "./sha256-lanes";
import { takeBlocksByWords } from "./sha256-scalar";
import { takeBlocksByVectors } from "./sha256-simd";

const countOffset: usize = 32;
const blockOffset: usize = 64;
const blockBytes: usize = 64;

/** Where in the last block the message's length in bits stands. */
const lengthOffset: usize = 56;

/** Starts a hash. */
export function beginHash(state: usize): void {
  store<u32>(state, 0x6a09e667);
  store<u32>(state, 0xbb67ae85, 4);
  store<u32>(state, 0x3c6ef372, 8);
  store<u32>(state, 0xa54ff53a, 12);
  store<u32>(state, 0x510e527f, 16);
  store<u32>(state, 0x9b05688c, 20);
  store<u32>(state, 0x1f83d9ab, 24);
  store<u32>(state, 0x5be0cd19, 28);
  store<u64>(state, 0, countOffset);
}

/** Takes in bytes, as many as there are. */
export function updateHash(state: usize, bytes: usize, length: usize): void {
  const begun = begunBytes(state);
  count(state, length);
  if (begun > 0) {
    const missing = min(blockBytes - begun, length);
    memory.copy(state + blockOffset + begun, bytes, missing);
    if (begun + missing < blockBytes) return;
    takeBlocks(state, state + blockOffset, 1);
    bytes += missing;
    length -= missing;
  }
  takeBlocks(state, bytes, length / blockBytes);
  const rest = length % blockBytes;
  memory.copy(state + blockOffset, bytes + length - rest, rest);
}

/** Takes blocks of 64 bytes from each of four places into the four states at `states`, none of which has begun a block. */
export function updateHashes(
  states: usize,
  bytes0: usize,
  bytes1: usize,
  bytes2: usize,
  bytes3: usize,
  blocks: usize,
): void {
  for (let lane: usize = 0; lane < 4; lane++) count(states + lane * stateBytes, blocks * blockBytes);
  if (ASC_FEATURE_SIMD) return takeBlocksInLanes(states, bytes0, bytes1, bytes2, bytes3, blocks);
  takeBlocks(states, bytes0, blocks);
  takeBlocks(states + stateBytes, bytes1, blocks);
  takeBlocks(states + 2 * stateBytes, bytes2, blocks);
  takeBlocks(states + 3 * stateBytes, bytes3, blocks);
}

/** Writes the 32 bytes of the hash to `hash`. The state is used up. */
export function finishHash(state: usize, hash: usize): void {
  const block = state + blockOffset;
  const begun = begunBytes(state);
  store<u8>(block + begun, 0x80);
  memory.fill(block + begun + 1, 0, blockBytes - begun - 1);
  if (begun >= lengthOffset) {
    takeBlocks(state, block, 1);
    memory.fill(block, 0, lengthOffset);
  }
  store<u64>(block, bswap<u64>(load<u64>(state, countOffset) << 3), lengthOffset);
  takeBlocks(state, block, 1);
  for (let word: usize = 0; word < 32; word += 4) store<u32>(hash + word, bswap<u32>(load<u32>(state + word)));
}

function takeBlocks(state: usize, bytes: usize, blocks: usize): void {
  if (ASC_FEATURE_SIMD) takeBlocksByVectors(state, bytes, blocks);
  else takeBlocksByWords(state, bytes, blocks);
}

function begunBytes(state: usize): usize {
  return <usize>load<u64>(state, countOffset) % blockBytes;
}

function count(state: usize, length: usize): void {
  store<u64>(state, load<u64>(state, countOffset) + length, countOffset);
}
