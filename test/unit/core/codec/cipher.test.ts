import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../../../../src/core/base/bytes.ts";
import { FormatError, IntegrityError } from "../../../../src/core/base/errors.ts";
import {
  Cipher,
  generateMasterKey,
  importMasterKey,
  type MasterKey,
  sealOverhead,
  wipeMasterKey,
} from "../../../../src/core/codec/cipher.ts";
import { loadKernelBuild } from "../../../../src/core/codec/kernel.ts";
import { codecVectors } from "../../../support/codec-vectors.ts";
import { nodeKernelBuilds, nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

const kernel = await loadKernelBuild(nodeKernels, "scalar");

async function makeCipher(key: MasterKey = generateMasterKey()): Promise<Cipher> {
  return new Cipher(await importMasterKey(key), kernel);
}

describe.each(codecVectors.crypto)("$name", (vector) => {
  const key = {
    encrypt: bytesOfHex(vector.encrypt),
    macK: bytesOfHex(vector.mac_k),
    macR: bytesOfHex(vector.mac_r),
  };

  test.each(nodeKernelBuilds)("seals to restic's bytes and opens them (%s)", async (build) => {
    const cipher = new Cipher(await importMasterKey(key), await loadKernelBuild(nodeKernels, build));
    const sealed = await cipher.sealUnder(bytesOfHex(vector.nonce), bytesOfHex(vector.plaintext));
    expect(hexOf(sealed)).toBe(vector.file);
    expect(hexOf(await cipher.open(bytesOfHex(vector.file)))).toBe(vector.plaintext);
  });
});

test.each([0, 1, 15, 16, 17, 262_143, 262_144, 262_145, 524_288, 1_500_000])(
  "%i bytes are encrypted as one stream, whatever the segments",
  async (length) => {
    const key = generateMasterKey();
    const plain = noise(5, length);
    // The counter overflows from each group of bytes into the next, inside the text and between segments.
    for (const iv of ["00000000000000000000000000000001", "0000000000000000ffffffffffff8000", `${"ff".repeat(15)}f0`]) {
      const sealed = await (await makeCipher(key)).sealUnder(bytesOfHex(iv), plain);
      const expected = createCipheriv("aes-256-ctr", key.encrypt, bytesOfHex(iv)).update(plain);
      expect(sealed.length).toBe(length + sealOverhead);
      expect(expected.equals(sealed.subarray(16, 16 + length)), iv).toBe(true);
      expect(Buffer.from(await (await makeCipher(key)).open(sealed)).equals(plain)).toBe(true);
    }
  },
);

test("every sealing has an IV of its own", async () => {
  const cipher = await makeCipher();
  const sealed = await Promise.all(Array.from({ length: 20 }, () => cipher.seal(new Uint8Array(1))));
  expect(new Set(sealed.map((bytes) => hexOf(bytes.subarray(0, 16)))).size).toBe(20);
});

test("a flipped bit anywhere is a wrong MAC", async () => {
  const cipher = await makeCipher();
  const sealed = await cipher.seal(noise(6, 40));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await expect(cipher.open(damaged), `bit ${bit}`).rejects.toMatchObject({
      name: "IntegrityError",
      code: "mac-mismatch",
    });
  }
});

test("what another key sealed is a wrong MAC", async () => {
  const sealed = await (await makeCipher()).seal(noise(6, 40));
  await expect((await makeCipher()).open(sealed)).rejects.toThrow(IntegrityError);
});

test("nothing is decrypted before the MAC is verified", async () => {
  const key = await importMasterKey(generateMasterKey());
  const cipher = new Cipher(key, kernel);
  const sealed = await cipher.seal(noise(6, 40));
  sealed[20] = (sealed[20] ?? 0) ^ 1;
  // With an AES key that cannot be used, decrypting first would fail in another way.
  const useless = await crypto.subtle.importKey("raw", new Uint8Array(32).fill(1), "AES-CTR", false, ["decrypt"]);
  await expect(new Cipher({ ...key, encrypt: useless }, kernel).open(sealed)).rejects.toThrow("mac-mismatch");
});

test.each([0, 1, 16, 31])("%i bytes are too short to be sealed data", async (length) => {
  const opening = (await makeCipher()).open(noise(1, length));
  await expect(opening).rejects.toThrow(FormatError);
  await expect(opening).rejects.toThrow("sealed-data-short");
});

test("an IV of zeros is refused even with the right MAC", async () => {
  const cipher = await makeCipher();
  const sealed = await cipher.sealUnder(new Uint8Array(16), noise(1, 10));
  await expect(cipher.open(sealed)).rejects.toThrow("sealed-data-short");
});

test("truncated, doubled and random bytes are typed errors", async () => {
  const cipher = await makeCipher();
  const sealed = await cipher.seal(noise(6, 100));
  const doubled = new Uint8Array([...sealed, ...sealed]);
  const junk = [
    doubled,
    sealed.subarray(1),
    sealed.subarray(0, 131),
    sealed.subarray(0, 32),
    noise(8, 32),
    noise(8, 999),
  ];
  for (const bytes of junk) {
    await expect(cipher.open(bytes)).rejects.toMatchObject({ code: "mac-mismatch" });
  }
});

test("the bytes that are lent stay as they are", async () => {
  const cipher = await makeCipher();
  const plain = noise(6, 100);
  const sealed = await cipher.seal(plain);
  const copy = sealed.slice();
  await cipher.open(sealed);
  expect(plain).toEqual(noise(6, 100));
  expect(sealed).toEqual(copy);
});

test.each(["encrypt", "macK", "macR"] as const)(
  "a key whose %s is all zero or of another length is refused",
  async (part) => {
    const key = generateMasterKey();
    const zero = { ...key, [part]: new Uint8Array(key[part].length) };
    const short = { ...key, [part]: key[part].subarray(1) };
    await expect(importMasterKey(zero)).rejects.toMatchObject({ name: "FormatError", code: "key-malformed" });
    await expect(importMasterKey(short)).rejects.toMatchObject({ name: "FormatError", code: "key-malformed" });
    await expect(importMasterKey(key)).resolves.toBeDefined();
  },
);

test("an imported key outlives the raw one, can be cloned, and its AES parts cannot be read", async () => {
  const raw = generateMasterKey();
  const key = await importMasterKey(raw);
  wipeMasterKey(raw);
  expect([...raw.encrypt, ...raw.macK, ...raw.macR].every((byte) => byte === 0)).toBe(true);
  const sealed = await new Cipher(key, kernel).seal(noise(2, 10));
  expect(await new Cipher(structuredClone(key), kernel).open(sealed)).toEqual(noise(2, 10));
  await expect(crypto.subtle.exportKey("raw", key.encrypt)).rejects.toThrow();
  await expect(crypto.subtle.exportKey("raw", key.macK)).rejects.toThrow();
});

test("a wiped cipher refuses everything, also what was under way, and others with its key go on", async () => {
  const key = await importMasterKey(generateMasterKey());
  const cipher = new Cipher(key, kernel);
  const other = new Cipher(key, kernel);
  const underWay = cipher.seal(noise(2, 10));
  cipher.wipe();
  await expect(underWay).rejects.toMatchObject({ code: "closed" });
  await expect(cipher.seal(noise(2, 10))).rejects.toMatchObject({ code: "closed" });
  await expect(cipher.open(noise(2, 100))).rejects.toMatchObject({ code: "closed" });
  expect(await other.open(await other.seal(noise(2, 10)))).toEqual(noise(2, 10));
});
