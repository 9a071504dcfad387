import { scryptSync } from "node:crypto";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Bytes, concatBytes, hexOf, utf8 } from "../../../../src/core/base/bytes.ts";
import { BlockMixer, mixerMemory } from "../../../../src/core/codec/block-mixer.ts";
import { deriveUserKey } from "../../../../src/core/codec/kdf.ts";
import { type MixBlocks, scryptBy } from "../../../../src/core/codec/scrypt.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

let mixer: BlockMixer;

beforeAll(async () => {
  mixer = await BlockMixer.load(nodeKernels);
});

const mixHere: MixBlocks = async (blocks, cost) => {
  const length = blocks.length / cost.p;
  const parts = Array.from({ length: cost.p }, (_, i) =>
    mixer.mix(blocks.subarray(i * length, (i + 1) * length), cost),
  );
  return concatBytes(parts);
};

async function derive(password: string | Bytes, { N, r, p, salt = noise(1, 64) }: Cost): Promise<string> {
  const bytes = typeof password === "string" ? utf8(password) : password;
  return hexOf((await scryptBy(mixHere, bytes, { N, r, p, salt })) ?? new Uint8Array());
}

interface Cost {
  N: number;
  r: number;
  p: number;
  salt?: Bytes;
}

// RFC 7914, section 12.
test.each([
  ["", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"],
  ["password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"],
  ["pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"],
])("the RFC's key of %j", async (password, salt, N, r, p, begin) => {
  expect((await derive(password, { N, r, p, salt: utf8(salt) })).slice(0, 64)).toBe(begin);
});

test("whatever the password and the cost, the key is the one that another program derives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.record({
        N: fc.integer({ min: 1, max: 8 }).map((bits) => 2 ** bits),
        r: fc.integer({ min: 1, max: 9 }),
        p: fc.integer({ min: 1, max: 5 }),
      }),
      async (password, cost) => {
        const expected = scryptSync(password, noise(1, 64), 64, cost).toString("hex");
        expect(await derive(new Uint8Array(password), cost)).toBe(expected);
      },
    ),
    { numRuns: 60 },
  );
});

test("a key is the same with mixing elsewhere, without it, and where that cannot be done or fails", async () => {
  const parameters = { N: 64, r: 8, p: 3, salt: noise(2, 64) };
  const nowhere: MixBlocks = async () => null;
  const broken: MixBlocks = () => Promise.reject(new Error("of no key's making"));
  const [alone, ...others] = await Promise.all(
    [null, mixHere, nowhere, broken].map((mix) => deriveUserKey("secret", parameters, mix)),
  );
  for (const key of others) expect(key).toEqual(alone);
});

test("what is mixed is lent, and nothing of it stays in the memory of a mixer that was wiped", async () => {
  const block = noise(3, 1024);
  const before = block.slice();
  const mixed = mixer.mix(block, { N: 1024, r: 8 });
  expect(block).toEqual(before);
  mixer.wipe();
  expect(mixer.mix(block, { N: 1024, r: 8 })).toEqual(mixed);
});

test("a table that no memory holds is refused, and the mixer goes on", () => {
  const cost = { N: 2 ** 24, r: 8 };
  expect(mixerMemory(cost)).toBeGreaterThan(2 ** 32);
  expect(() => mixer.mix(noise(4, 1024), cost)).toThrow(RangeError);
  expect(mixer.mix(noise(4, 128), { N: 2, r: 1 })).toHaveLength(128);
});

test("without the kernel there is no mixer", async () => {
  await expect(BlockMixer.load({ load: async () => new Uint8Array(8) })).rejects.toThrow("kernel-unavailable");
});
