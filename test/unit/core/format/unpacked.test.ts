import { beforeAll, expect, test } from "vitest";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { Cipher, generateMasterKey, importMasterKey } from "../../../../src/core/codec/cipher.ts";
import { type Compression, loadCompression } from "../../../../src/core/codec/compression.ts";
import { loadKernel } from "../../../../src/core/codec/kernel.ts";
import { encodeKeyFile } from "../../../../src/core/format/key-file.ts";
import { longestUnpackedBytes, openUnpacked, sealUnpacked } from "../../../../src/core/format/unpacked.ts";
import { nodeKernels } from "../../../support/kernels.ts";

const json = utf8(`{"packs":[${"0,".repeat(500)}0]}`);
let cipher: Cipher;
let compression: Compression;

beforeAll(async () => {
  cipher = new Cipher(await importMasterKey(generateMasterKey()), await loadKernel(nodeKernels));
  compression = await loadCompression(nodeKernels);
});

test("format 1 seals the JSON as it is, format 2 a compressed form behind the byte 2", async () => {
  expect(await cipher.open(await sealUnpacked(json, 1, cipher, compression))).toEqual(json);
  const plain = await cipher.open(await sealUnpacked(json, 2, cipher, compression));
  expect(Array.from(plain.subarray(0, 5))).toEqual([2, 0x28, 0xb5, 0x2f, 0xfd]);
  expect(plain.length).toBeLessThan(json.length / 4);
});

test("files of both formats open, whichever the repository has by now", async () => {
  for (const version of [1, 2] as const) {
    expect(await openUnpacked(await sealUnpacked(json, version, cipher, compression), cipher, compression)).toEqual(
      json,
    );
  }
});

test.each([
  ["[]", "[]"],
  ["{}", "{}"],
  ["", ""],
])("the plain bytes %j are taken as they are", async (plain, expected) => {
  expect(await openUnpacked(await cipher.seal(utf8(plain)), cipher, compression)).toEqual(utf8(expected));
});

test.each([" {}", "\n{}", "\u0001{}", "\u0003", "x"])("the plain bytes %j are of no known encoding", async (plain) => {
  await expect(openUnpacked(await cipher.seal(utf8(plain)), cipher, compression)).rejects.toMatchObject({
    code: "unknown-encoding",
  });
});

test("what is compressed badly, altered or too short has its own error", async () => {
  const bad = await cipher.seal(utf8("\u0002no frame"));
  await expect(openUnpacked(bad, cipher, compression)).rejects.toMatchObject({ code: "compressed-data-malformed" });
  const sealed = await sealUnpacked(json, 2, cipher, compression);
  sealed[20] = (sealed[20] ?? 0) ^ 1;
  await expect(openUnpacked(sealed, cipher, compression)).rejects.toMatchObject({ code: "mac-mismatch" });
  await expect(openUnpacked(new Uint8Array(31), cipher, compression)).rejects.toMatchObject({
    code: "sealed-data-short",
  });
});

test("a key file among sealed files is told from a damaged one", async () => {
  const kdf = { N: 2, r: 1, p: 1, salt: new Uint8Array(64) };
  const key = encodeKeyFile({
    created: "2024-01-01T00:00:00Z",
    username: "",
    hostname: "",
    kdf,
    sealedMaster: new Uint8Array(160),
  });
  await expect(openUnpacked(key, cipher, compression)).rejects.toMatchObject({
    code: "wrong-file-type",
    context: { found: "key" },
  });
});

test("a frame may not decompress to more than the cap, whatever it claims", async () => {
  const asked: number[] = [];
  const recording = {
    compress: () => utf8(""),
    decompressBounded: (_: unknown, limit: number) => {
      asked.push(limit);
      return utf8("{}");
    },
  };
  await openUnpacked(await cipher.seal(utf8("\u0002x")), cipher, recording);
  expect(asked).toEqual([longestUnpackedBytes]);
  const bomb = compression.compress(new Uint8Array(4 * 1024 * 1024), "auto");
  expect(() => compression.decompressBounded(bomb, 1024 * 1024)).toThrow("compressed-data-malformed");
});
