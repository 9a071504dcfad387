import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, hexOf, utf8 } from "../../../../src/core/base/bytes.ts";
import { hashLaneLength, loadKernelBuild } from "../../../../src/core/codec/kernel.ts";
import { parsePolynomial } from "../../../../src/core/codec/polynomial.ts";
import { hashAll, RunningHash } from "../../../../src/core/codec/sha256.ts";
import { nodeKernelBuilds, nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

/** FIPS 180-4's examples (csrc.nist.gov, SHA256.pdf), the empty message and the million "a" of FIPS 180-2, B.3. */
const vectors: readonly (readonly [string, Bytes, string])[] = [
  ["abc", utf8("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["nothing", utf8(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  [
    "two blocks",
    utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "a million a",
    new Uint8Array(1_000_000).fill(0x61),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  ],
];

/** At the borders of blocks and of the padding, and of the pieces that are in the kernel at once. */
const lengths = [
  ...[0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 121, 127, 128, 129],
  ...[1, 2, 3].flatMap((pieces) => [-65, -64, -9, -1, 0, 1, 63, 64, 65].map((at) => pieces * hashLaneLength + at)),
];

function expectedHash(bytes: Bytes): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe.each(nodeKernelBuilds)("%s", async (build) => {
  const kernel = await loadKernelBuild(nodeKernels, build);

  function runningHash(...parts: readonly Bytes[]): string {
    const hash = new RunningHash(kernel);
    for (const part of parts) hash.update(part);
    return hexOf(hash.finish());
  }

  function hashesOf(chunks: readonly Bytes[]): string[] {
    return hashAll(kernel, chunks).map(hexOf);
  }

  test.each(vectors)("FIPS 180-4, %s: the hash is the standard's, in every lane and alone", (_, message, hash) => {
    expect(runningHash(message)).toBe(hash);
    for (const count of [1, 2, 3, 4, 5, 9]) {
      expect(hashesOf(Array<Bytes>(count).fill(message))).toEqual(Array<string>(count).fill(hash));
    }
  });

  test("every length around a border has its hash, alone, among its like, and among all others", () => {
    const chunks = lengths.map((length, i) => noise(i + 1, length));
    const expected = chunks.map(expectedHash);
    expect(chunks.map((chunk) => runningHash(chunk))).toEqual(expected);
    expect(hashesOf(chunks)).toEqual(expected);
    for (const [i, chunk] of chunks.entries()) {
      const alike = [chunk, noise(1001, chunk.length), noise(1002, chunk.length), chunk];
      expect(hashesOf(alike), `length ${chunk.length}`).toEqual([expected[i], ...alike.slice(1).map(expectedHash)]);
    }
  });

  test("an input that outlives its neighbours by far is taken to its end", () => {
    for (const others of [1, 2, 3, 4, 7]) {
      const chunks = [noise(1, 3_000_001), ...Array.from({ length: others }, (_, i) => noise(i + 2, 70 * i))];
      expect(hashesOf(chunks), `${others} others`).toEqual(chunks.map(expectedHash));
      expect(hashesOf(chunks.toReversed()), `${others} others before`).toEqual(chunks.toReversed().map(expectedHash));
    }
  });

  test("no inputs have no hashes", () => {
    expect(hashesOf([])).toEqual([]);
  });

  test("a message has one hash, wherever it is cut", () => {
    const message = noise(5, 2 * hashLaneLength + 200);
    const expected = expectedHash(message);
    for (const at of lengths.filter((length) => length <= message.length)) {
      expect(runningHash(message.subarray(0, at), message.subarray(at)), `cut at ${at}`).toBe(expected);
    }
    expect(runningHash(...Array.from(message, (byte) => Uint8Array.of(byte)))).toBe(expected);
  });

  test("what else the kernel does meanwhile leaves a hash under way alone, and the inputs stay as they are", () => {
    const message = noise(6, 300_000);
    const kept = message.slice();
    const first = new RunningHash(kernel);
    const second = new RunningHash(kernel);
    first.update(message.subarray(0, 100_001));
    second.update(message.subarray(7));
    kernel.findCut(parsePolynomial("3da3358b4dc173"), message, 64, message.length);
    kernel.poly1305(noise(1, 16), noise(2, 16), message);
    kernel.equal(message, kept);
    hashAll(kernel, [message, message, message, message]);
    first.update(message.subarray(100_001));
    expect(hexOf(second.finish())).toBe(expectedHash(message.subarray(7)));
    expect(hexOf(first.finish())).toBe(expectedHash(message));
    expect(kernel.equal(message, kept)).toBe(true);
  });

  test("a hash is used again by reset(), finished or not, and not without", () => {
    const hash = new RunningHash(kernel);
    hash.update(noise(1, 1000));
    hash.reset();
    expect(hexOf(hash.finish())).toBe(expectedHash(utf8("")));
    expect(() => hash.finish()).toThrow("reset it first");
    expect(() => hash.update(utf8("abc"))).toThrow("reset it first");
    hash.reset();
    hash.update(utf8("abc"));
    expect(hexOf(hash.finish())).toBe(expectedHash(utf8("abc")));
  });
});
