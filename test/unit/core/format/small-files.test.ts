import { expect, test } from "vitest";
import { type Bytes, equalBytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { HoldallError, IntegrityError } from "../../../../src/core/base/errors.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import { generateMasterKey } from "../../../../src/core/codec/cipher.ts";
import { parsePolynomial } from "../../../../src/core/codec/polynomial.ts";
import { decodeConfig, encodeConfig, openConfig } from "../../../../src/core/format/config.ts";
import { decodeIndex } from "../../../../src/core/format/index-file.ts";
import {
  decodeKeyFile,
  decodeMasterKey,
  encodeKeyFile,
  encodeMasterKey,
  isKeyFile,
  type KeyFile,
} from "../../../../src/core/format/key-file.ts";
import { decodeLockFile, encodeLockFile } from "../../../../src/core/format/lock-file.ts";
import { decodeSnapshot } from "../../../../src/core/format/snapshot.ts";
import { decodeTree } from "../../../../src/core/format/tree.ts";

const id = "a84d6c011a65c3a34153dcbd2fb517870b756f3a3799bb5b57825b276c99209c" as Id;
const polynomial = "2d4694afed26d1";
const configJson = `{"version":2,"id":"${id}","chunker_polynomial":"${polynomial}"}`;
const time = "2024-01-01T00:00:00Z";

function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

function refusal(work: () => unknown): HoldallError {
  try {
    work();
  } catch (error) {
    if (error instanceof HoldallError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

test("a config is read with any white space, order and case of digits, and written as restic does", () => {
  const odd = `{ "id":"${id.toUpperCase()}", "chunker_polynomial":"${polynomial.toUpperCase()}", "new":1, "version":1 }`;
  const config = decodeConfig(utf8(odd));
  expect(config).toEqual({ formatVersion: 1, id, chunkerPolynomial: parsePolynomial(polynomial) });
  expect(text(encodeConfig({ ...config, formatVersion: 2 }))).toBe(configJson);
});

test.each([
  [configJson.replace('"version":2', '"version":3'), "repository-version"],
  [configJson.replace('"version":2', '"version":0'), "repository-version"],
  [`{"version":9}`, "repository-version"],
  [configJson.replace('"version":2', '"version":"2"'), "config-malformed"],
  [configJson.replace('"version":2', '"version":-1'), "config-malformed"],
  [configJson.replace(id, id.slice(1)), "config-malformed"],
  [configJson.replace(polynomial, `0x${polynomial}`), "config-malformed"],
  [configJson.replace(polynomial, "2d4694afed26d0"), "config-malformed"],
  [configJson.replace(polynomial, ""), "config-malformed"],
  [`${configJson}${configJson}`, "config-malformed"],
  [`\u0002${configJson}`, "config-malformed"],
  [" ".repeat(70_000) + configJson, "config-malformed"],
  ["", "config-malformed"],
])("the config %j is refused as %s", (json, code) => {
  expect(refusal(() => decodeConfig(utf8(json))).code).toBe(code);
});

test("a config that does not authenticate is damaged, and the reason is kept", async () => {
  const cause = new IntegrityError("mac-mismatch");
  const cipher = { seal: async (plain: Bytes) => plain, open: () => Promise.reject(cause) };
  const error = await openConfig(new Uint8Array(64), cipher).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "IntegrityError", code: "config-damaged", cause });
});

const key: KeyFile = {
  created: time,
  username: "",
  hostname: 'a"<',
  kdf: { N: 32768, r: 8, p: 6, salt: new Uint8Array(64).fill(1) },
  sealedMaster: new Uint8Array(160).fill(2),
};
const keyJson = text(encodeKeyFile(key));

test("a key file is written as restic does and comes back", () => {
  const base64 = (bytes: Bytes) => Buffer.from(bytes).toString("base64");
  expect(keyJson).toBe(
    `{"created":"${time}","username":"","hostname":"a\\"\\u003c","kdf":"scrypt","N":32768,"r":8,"p":6,` +
      `"salt":"${base64(key.kdf.salt)}","data":"${base64(key.sealedMaster)}"}`,
  );
  expect(decodeKeyFile(utf8(keyJson))).toEqual(key);
});

test.each([
  [keyJson.replace("scrypt", "argon2id"), "kdf-unsupported"],
  [keyJson.replace('"kdf":"scrypt",', ""), "kdf-unsupported"],
  [keyJson.replace("AQEB", ""), "key-malformed"],
  [keyJson.replace(/"data":"[^"]*"/, '"data":"AAAA"'), "key-malformed"],
  [keyJson.replace(/"data":"[^"]*"/, '"data":5'), "key-malformed"],
  [keyJson.replace('"N":32768', '"N":-1'), "key-malformed"],
  [keyJson.replace('"N":32768', '"N":1e5'), "key-malformed"],
  [keyJson.replace(time, "now"), "key-malformed"],
  [`${keyJson}x`, "key-malformed"],
])("the key file %j is refused as %s", (json, code) => {
  expect(refusal(() => decodeKeyFile(utf8(json))).code).toBe(code);
  expect(isKeyFile(utf8(json))).toBe(false);
});

test("a master key comes back from its bytes, in whatever order they stand", () => {
  const master = generateMasterKey();
  expect(decodeMasterKey(encodeMasterKey(master))).toEqual(master);
  const { mac, encrypt } = JSON.parse(text(encodeMasterKey(master)));
  const turned = utf8(JSON.stringify({ encrypt, x: [1], mac: { r: mac.r, k: mac.k } }, null, 2));
  expect(decodeMasterKey(turned)).toEqual(master);
});

test("reading a master key keeps nothing of the lent bytes", () => {
  const plain = encodeMasterKey(generateMasterKey());
  const copy = plain.slice();
  const master = decodeMasterKey(plain);
  plain.fill(0);
  expect(equalBytes(encodeMasterKey(master), copy)).toBe(true);
});

test("a lock is written with what it has, and a time alone is a shared one", () => {
  const lock = { time, exclusive: true, hostname: "holdall-1", username: "holdall", pid: null, uid: 0, gid: 0 };
  const json = `{"time":"${time}","exclusive":true,"hostname":"holdall-1","username":"holdall"}`;
  expect(text(encodeLockFile(lock))).toBe(json);
  expect(decodeLockFile(utf8(json))).toEqual(lock);
  const full = `{"time":"${time}","exclusive":false,"hostname":"vm","username":"root","pid":1234,"uid":1000,"gid":100}`;
  expect(text(encodeLockFile(decodeLockFile(utf8(full))))).toBe(full);
  expect(decodeLockFile(utf8(`{"time":"${time}"}`))).toMatchObject({ time, exclusive: false, pid: null });
  expect(decodeLockFile(utf8(`{"time":"${time}","pid":-1}`)).pid).toBe(-1);
});

test.each([`{"time":"soon"}`, `{"exclusive":1}`, `{"pid":1.5}`, `{"time":"${time}"`, "null", ""])(
  "the lock %j is refused",
  (json) => {
    expect(refusal(() => decodeLockFile(utf8(json))).code).toBe("lock-malformed");
  },
);

const files = {
  config: configJson,
  key: keyJson,
  lock: `{"time":"${time}","exclusive":false,"hostname":"vm","username":"root","pid":1}`,
  index: '{"packs":[]}\n',
  snapshot: `{"time":"${time}","tree":"${id}","paths":["/a"],"hostname":"vm","username":"root"}`,
  tree: '{"nodes":[]}\n',
};
const decoders = {
  config: decodeConfig,
  key: decodeKeyFile,
  lock: decodeLockFile,
  index: (json: Bytes) => decodeIndex(json, 2, { pack: () => {}, blob: () => {} }),
  snapshot: decodeSnapshot,
  tree: decodeTree,
};
const kinds = Object.keys(files) as (keyof typeof files)[];

test.each(kinds)("a file of any other type is not taken for a %s", (expected) => {
  decoders[expected](utf8(files[expected]));
  for (const found of kinds.filter((kind) => kind !== expected)) {
    const error = refusal(() => decoders[expected](utf8(files[found])));
    expect(error).toMatchObject({ name: "FormatError", code: "wrong-file-type", context: { expected, found } });
  }
});
