import { describe, expect, test, vi } from "vitest";
import { type Bytes, concatBytes, equalBytes, hexOf, sha256, utf8 } from "../../../../src/core/base/bytes.ts";
import { UnsupportedError } from "../../../../src/core/base/errors.ts";
import { loadCompression, looksIncompressible } from "../../../../src/core/codec/compression.ts";
import { Zstd } from "../../../../src/core/codec/zstd.ts";
import { codecVectors } from "../../../support/codec-vectors.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

const compression = await loadCompression(nodeKernels);

const text = utf8("All work and no play makes a dull backup. ".repeat(20_000));
const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

/** A frame of RLE blocks, each of 128 KiB of zeros: the strongest claim that few bytes can make. */
function bomb(blocks: number, declaredLength?: bigint): Bytes {
  const header =
    declaredLength === undefined ? [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58] : [0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58];
  const size = declaredLength === undefined ? [] : new Uint8Array(BigUint64Array.of(declaredLength).buffer);
  const body = new Uint8Array(4 * blocks);
  for (let block = 0; block < blocks; block++) {
    const isLast = block === blocks - 1 ? 1 : 0;
    const blockHeader = isLast | (1 << 1) | (131_072 << 3);
    body.set([blockHeader & 0xff, (blockHeader >> 8) & 0xff, blockHeader >> 16, 0], 4 * block);
  }
  return Uint8Array.from([...header, ...size, ...body]);
}

describe.each(["auto", "max"] as const)("mode %s", (mode) => {
  test.each([
    ["no bytes", new Uint8Array(0)],
    ["one byte", noise(1, 1)],
    ["255 bytes", noise(1, 255)],
    ["text", text],
    ["noise", noise(2, 300_000)],
    ["zeros of the largest chunk's length", new Uint8Array(8 * 1024 * 1024)],
  ])("%s come back", (_, plain) => {
    const frame = compression.compress(plain, mode);
    expect(equalBytes(compression.decompress(frame, plain.length), plain)).toBe(true);
    expect(equalBytes(compression.decompressBounded(frame, plain.length), plain)).toBe(true);
  });

  test("the frame has no checksum, no dictionary and a window that restic takes", () => {
    const [, , , , descriptor = 0xff, windowDescriptor = 0xff] = compression.compress(noise(3, 8 * 1024 * 1024), mode);
    expect(descriptor & 0b111).toBe(0);
    const isSingleSegment = (descriptor & 0b10_0000) !== 0;
    // A window of 8 MiB is exponent 13: 2^(10 + 13).
    if (!isSingleSegment) expect(windowDescriptor >> 3).toBeLessThanOrEqual(13);
  });
});

test("max packs tighter than auto, and both pack text well", () => {
  const varied = utf8(Array.from({ length: 20_000 }, (_, i) => `${(i * 7919) % 1009} lines of ${i % 37}\n`).join(""));
  const auto = compression.compress(varied, "auto");
  expect(auto.length).toBeLessThan(varied.length / 3);
  expect(compression.compress(varied, "max").length).toBeLessThan(auto.length);
});

test.each(codecVectors.frames)("opens what others wrote: $name", async ({ frame, length, sha256: hash }) => {
  const bytes = new Uint8Array(Buffer.from(frame, "base64"));
  expect(hexOf(await sha256(compression.decompress(bytes, length)))).toBe(hash);
  expect(hexOf(await sha256(compression.decompressBounded(bytes, length)))).toBe(hash);
});

test("several frames and skippable ones are one text", () => {
  const frame = compression.compress(text, "auto");
  const frames = concatBytes([skippable, frame, skippable, frame]);
  const twice = concatBytes([text, text]);
  expect(equalBytes(compression.decompress(frames, twice.length), twice)).toBe(true);
  expect(equalBytes(compression.decompressBounded(frames, twice.length), twice)).toBe(true);
});

test("no frame at all is no text", () => {
  expect(compression.decompress(new Uint8Array(0), 0)).toHaveLength(0);
  expect(compression.decompressBounded(skippable, 100)).toHaveLength(0);
});

test("one byte more or less than was promised is an error, whatever the frame says of itself", () => {
  const frame = compression.compress(text, "auto");
  for (const length of [0, 1, text.length - 1, text.length + 1, 2 * text.length]) {
    expect(() => compression.decompress(frame, length)).toThrow("blob-length-mismatch");
  }
  expect(() => compression.decompress(concatBytes([frame, frame]), text.length)).toThrow("blob-length-mismatch");
  expect(() => compression.decompress(new Uint8Array(0), 1)).toThrow("blob-length-mismatch");
});

test("a promise that so few bytes cannot keep is refused before memory is taken", async () => {
  const fresh = await loadCompression(nodeKernels);
  const frame = fresh.compress(text, "auto");
  const memory = process.memoryUsage().external;
  expect(() => fresh.decompress(frame, 4 * 1024 ** 3)).toThrow("blob-length-mismatch");
  expect(process.memoryUsage().external - memory).toBeLessThan(16 * 1024 * 1024);
});

test("text without a promised length stops at the limit", () => {
  const frame = compression.compress(text, "auto");
  expect(() => compression.decompressBounded(frame, text.length - 1)).toThrow("compressed-data-malformed");
  expect(() => compression.decompressBounded(bomb(1000), 1024 * 1024)).toThrow("compressed-data-malformed");
});

test("a bomb takes the memory of the limit, not of its claim", async () => {
  const fresh = await loadCompression(nodeKernels);
  const before = process.memoryUsage().external;
  expect(() => fresh.decompressBounded(bomb(2, 2n ** 62n), 1024 ** 3)).toThrow("compressed-data-malformed");
  expect(process.memoryUsage().external - before).toBeLessThan(16 * 1024 * 1024);
});

test("memory that one large text took is given back, and the next call works", async () => {
  const fresh = await loadCompression(nodeKernels);
  const instances = vi.spyOn(Zstd, "instantiate");
  expect(fresh.decompressBounded(bomb(8), 1024 ** 3)).toHaveLength(8 * 131_072);
  expect(instances).not.toHaveBeenCalled();
  expect(fresh.decompressBounded(bomb(1200), 1024 ** 3)).toHaveLength(1200 * 131_072);
  expect(instances).toHaveBeenCalledOnce();
  instances.mockRestore();
  expect(equalBytes(fresh.decompress(fresh.compress(text, "auto"), text.length), text)).toBe(true);
});

test("anything behind the last frame is an error", () => {
  const frame = compression.compress(text, "auto");
  for (const rest of [[0], [1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8], [0x28, 0xb5, 0x2f, 0xfd]]) {
    const followed = concatBytes([frame, Uint8Array.from(rest)]);
    expect(() => compression.decompress(followed, text.length)).toThrow("compressed-data-malformed");
    expect(() => compression.decompressBounded(followed, 2 * text.length)).toThrow("compressed-data-malformed");
  }
});

test("a frame cut short anywhere is an error", () => {
  const plain = noise(4, 500);
  const frame = compression.compress(plain, "auto");
  for (let length = 1; length < frame.length; length++) {
    expect(() => compression.decompress(frame.subarray(0, length), plain.length)).toThrow(/malformed|mismatch/);
    expect(() => compression.decompressBounded(frame.subarray(0, length), 10_000)).toThrow("compressed-data-malformed");
  }
});

test("where the module does not load, the error says so", async () => {
  await expect(loadCompression({ load: async () => noise(1, 100) })).rejects.toThrow(UnsupportedError);
});

test("noise looks incompressible, text and short data do not", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    expect(looksIncompressible(noise(seed, 1_000_000))).toBe(true);
    expect(looksIncompressible(noise(seed, 4096))).toBe(true);
  }
  expect(
    looksIncompressible(compression.compress(utf8(Array.from({ length: 60_000 }, (_, i) => `${i * i}`).join()), "max")),
  ).toBe(true);
  expect(looksIncompressible(noise(1, 4095))).toBe(false);
  expect(looksIncompressible(new Uint8Array(0))).toBe(false);
  expect(looksIncompressible(text)).toBe(false);
  expect(looksIncompressible(new Uint8Array(100_000))).toBe(false);
  expect(looksIncompressible(utf8(Buffer.from(noise(1, 100_000)).toString("base64")))).toBe(false);
});
