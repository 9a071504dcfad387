import fc from "fast-check";
import { expect, test } from "vitest";
import { equalBytes } from "../../../src/core/base/bytes.ts";
import { Cipher, generateMasterKey, importMasterKey } from "../../../src/core/codec/cipher.ts";
import { loadKernel } from "../../../src/core/codec/kernel.ts";
import { nodeKernels } from "../../support/kernels.ts";
import { noise } from "../../support/noise.ts";
import { openReference, sealReference } from "../../support/restic-crypto.ts";

const masterKey = generateMasterKey();
const cipher = new Cipher(await importMasterKey(masterKey), await loadKernel(nodeKernels));
const reference = {
  encrypt: Buffer.from(masterKey.encrypt),
  macK: Buffer.from(masterKey.macK),
  macR: Buffer.from(masterKey.macR),
};

const plains = fc
  .record({ seed: fc.integer({ min: 1, max: 0x7fffffff }), length: fc.oneof(fc.nat(300), fc.nat(20_000)) })
  .map(({ seed, length }) => noise(seed, length));

test("what is sealed is opened by the reference, and the other way round", async () => {
  await fc.assert(
    fc.asyncProperty(plains, async (plain) => {
      const opened = openReference(reference, Buffer.from(await cipher.seal(plain)));
      expect(opened.equals(plain)).toBe(true);
      const sealed = new Uint8Array(sealReference(reference, Buffer.from(plain)));
      expect(equalBytes(await cipher.open(sealed), plain)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("random bytes never open", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
      const code = bytes.length < 32 ? "sealed-data-short" : "mac-mismatch";
      await expect(cipher.open(new Uint8Array(bytes))).rejects.toMatchObject({ code });
    }),
    { numRuns: 200 },
  );
});
