import { beforeAll, expect, test } from "vitest";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { type Bytes, equalBytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError, type HoldallError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id, parseId } from "../../../../src/core/base/id.ts";
import { generateMasterKey, type MasterKey } from "../../../../src/core/codec/cipher.ts";
import { type Kernel, loadKernel } from "../../../../src/core/codec/kernel.ts";
import { decodeKeyFile, encodeKeyFile, encodeMasterKey } from "../../../../src/core/format/key-file.ts";
import { createKeyFile, openKey } from "../../../../src/core/repository/keys.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { repositoryVectors } from "../../../support/repository-vectors.ts";

const signal = new AbortController().signal;
const cheap = { N: 2, r: 1, p: 1 };
let kernel: Kernel;
let master: MasterKey;

beforeAll(async () => {
  kernel = await loadKernel(nodeKernels);
  master = generateMasterKey();
});

/** A backend that holds these files as keys, each under the hash of its bytes, and counts what is loaded. */
class KeyBackend extends MemoryBackend {
  readonly loaded: Id[] = [];

  static async with(files: readonly Bytes[]): Promise<KeyBackend> {
    const backend = new KeyBackend();
    for (const file of files) await backend.save({ type: "key", id: await hashId(file) }, file, signal);
    return backend;
  }

  override async load(...args: Parameters<MemoryBackend["load"]>): Promise<Bytes> {
    const [handle] = args;
    if (handle.type !== "config") this.loaded.push(handle.id);
    return super.load(...args);
  }
}

function keyFor(password: string, kdf = cheap, of = master): Promise<Bytes> {
  return createKeyFile(password, of, kernel, { hostname: "test", kdf });
}

async function failure(work: Promise<unknown>): Promise<HoldallError> {
  return work.then(
    () => Promise.reject(new Error("it succeeded")),
    (error) => error,
  );
}

function sameMaster(left: MasterKey, right: MasterKey): boolean {
  return equalBytes(encodeMasterKey(left), encodeMasterKey(right));
}

test("a new key file opens with its password and no other, and is written as restic writes one", async () => {
  const file = await createKeyFile("pässwörd 🔑", master, kernel, { hostname: "browser", kdf: cheap, createdMs: 1500 });
  expect(new TextDecoder().decode(file)).toMatch(
    /^\{"created":"1970-01-01T00:00:01.5Z","username":"","hostname":"browser","kdf":"scrypt","N":2,"r":1,"p":1,"salt":"[\w+/]{86}==","data":"[\w+/]{214}=="\}$/,
  );
  const backend = await KeyBackend.with([file]);
  const opened = await openKey(backend, kernel, { password: "pässwörd 🔑", signal });
  expect(opened.keyId).toBe(await hashId(file));
  expect(opened.unusableKeys).toBe(0);
  expect(sameMaster(opened.master, master)).toBe(true);
  const error = await failure(openKey(backend, kernel, { password: "pässwörd", signal }));
  expect(error).toMatchObject({ name: "WrongPasswordError", code: "wrong-password" });
  expect(error.context).toEqual({ triedKeys: 1, unusableKeys: 0, tooExpensiveKeys: 0, leftOutKeys: 0 });
});

test("an empty password is a password", async () => {
  const backend = await KeyBackend.with([await keyFor("")]);
  expect(sameMaster((await openKey(backend, kernel, { password: "", signal })).master, master)).toBe(true);
});

test("without any key the password is wrong, as restic says", async () => {
  const error = await failure(openKey(new MemoryBackend(), kernel, { password: "x", signal }));
  expect(error).toMatchObject({ code: "wrong-password", context: { triedKeys: 0 } });
});

test.each(repositoryVectors)("each password opens its key of the repository of $label", async (vectors) => {
  const backend = await KeyBackend.with(vectors.key_files.map((file) => utf8(file.json)));
  for (const { name, password, master_key_json } of vectors.key_files) {
    const opened = await openKey(backend, kernel, { password, signal, keyHint: parseId(name) });
    expect(opened.keyId).toBe(name);
    expect(new TextDecoder().decode(encodeMasterKey(opened.master))).toBe(master_key_json);
  }
});

test("the key that worked last is loaded alone", async () => {
  const files = await Promise.all([keyFor("other"), keyFor("right"), keyFor("third")]);
  const hint = await hashId(files[1] ?? files[0] ?? utf8(""));
  const backend = await KeyBackend.with(files);
  expect((await openKey(backend, kernel, { password: "right", keyHint: hint, signal })).keyId).toBe(hint);
  expect(backend.loaded).toEqual([hint]);
});

test("a hint that is gone or does not fit costs nothing but its try", async () => {
  const [other, right] = [await keyFor("other"), await keyFor("right")];
  const backend = await KeyBackend.with([other, right]);
  for (const keyHint of [await hashId(other), await hashId(utf8("gone")), null]) {
    expect((await openKey(backend, kernel, { password: "right", keyHint, signal })).keyId).toBe(await hashId(right));
  }
});

test("the cheapest key is tried first, and each once", async () => {
  const dear = await keyFor("right", { N: 1024, r: 8, p: 1 });
  const middle = await keyFor("right", { N: 64, r: 8, p: 1 });
  const backend = await KeyBackend.with([dear, middle, await keyFor("wrong")]);
  expect((await openKey(backend, kernel, { password: "right", signal })).keyId).toBe(await hashId(middle));
  const error = await failure(openKey(backend, kernel, { password: "no", keyHint: await hashId(dear), signal }));
  expect(error.context["triedKeys"]).toBe(3);
});

function altered(file: Bytes, change: (key: ReturnType<typeof decodeKeyFile>) => void): Bytes {
  const key = decodeKeyFile(file);
  change(key);
  return encodeKeyFile(key);
}

test("twenty-five hostile keys of every kind lock nobody out", async () => {
  const right = await keyFor("right");
  const text = new TextDecoder().decode(right);
  const hostile = [
    utf8("no JSON"),
    utf8(""),
    utf8("{}"),
    utf8("[".repeat(60_000)),
    new Uint8Array(100_000),
    utf8(text.replace("scrypt", "argon2")),
    utf8(text.replace(/"salt":"[^"]*"/, '"salt":"AAAA"')),
    utf8(text.replace(/"data":"[^"]*"/, '"data":"AAAA"')),
    utf8(text.replace('"N":2', '"N":3')),
    utf8(text.replace('"N":2', '"N":0')),
    utf8(text.replace('"N":2', '"N":-2')),
    utf8(text.replace('"r":1', '"r":1073741824')),
    altered(right, (key) => key.sealedMaster.fill(0, 0, 16)),
    altered(right, (key) => key.sealedMaster.fill(7, 100, 101)),
    altered(right, (key) => {
      key.kdf.N = 2 ** 30;
    }),
    ...(await Promise.all(Array.from({ length: 10 }, (_, i) => keyFor(`wrong ${i}`)))),
  ];
  expect(hostile).toHaveLength(25);
  const backend = await KeyBackend.with([...hostile, right]);
  const opened = await openKey(backend, kernel, { password: "right", signal });
  expect(opened.keyId).toBe(await hashId(right));
  const error = await failure(openKey(backend, kernel, { password: "none", signal }));
  expect(error.code).toBe("wrong-password");
  // The one with a nonce of zeros counts twice: it was tried, and then found to be none.
  expect(error.context).toEqual({ triedKeys: 13, unusableKeys: 13, tooExpensiveKeys: 1, leftOutKeys: 0 });
});

test("a key that opens but holds no usable master key is passed over", async () => {
  const zeros = { encrypt: new Uint8Array(32), macK: new Uint8Array(16), macR: new Uint8Array(16) };
  const short = { ...generateMasterKey(), macR: new Uint8Array(15).fill(1) };
  const right = await keyFor("right", { N: 4, r: 1, p: 1 });
  const backend = await KeyBackend.with([
    await keyFor("right", cheap, zeros),
    await keyFor("right", cheap, short),
    right,
  ]);
  const opened = await openKey(backend, kernel, { password: "right", signal });
  expect(opened).toMatchObject({ keyId: await hashId(right), unusableKeys: 2 });
});

test("a key file under another name than its hash is not used", async () => {
  const backend = new MemoryBackend();
  const id = await hashId(utf8("something else"));
  await backend.save({ type: "key", id }, await keyFor("right"), signal);
  const error = await failure(openKey(backend, kernel, { password: "right", signal }));
  expect(error).toMatchObject({ code: "wrong-password", context: { triedKeys: 0, unusableKeys: 1 } });
});

test("if every key asks for more than a tab should give, that is what is said", async () => {
  const file = altered(await keyFor("right"), (key) => {
    key.kdf.N = 2 ** 30;
  });
  const error = await failure(openKey(await KeyBackend.with([file]), kernel, { password: "right", signal }));
  expect(error).toMatchObject({
    name: "UnsupportedError",
    code: "kdf-too-expensive",
    context: { tooExpensiveKeys: 1 },
  });
});

test("when the time is used up, no further derivation is begun", async () => {
  const files = await Promise.all([keyFor("a"), keyFor("b"), keyFor("c"), keyFor("d")]);
  let time = 0;
  const now = () => time++;
  const options = { password: "none", signal, budgetMs: 2, now };
  const error = await failure(openKey(await KeyBackend.with(files), kernel, options));
  expect(error).toMatchObject({ code: "wrong-password", context: { triedKeys: 2, leftOutKeys: 2 } });
});

test("a network failure is not a wrong password, and neither is an abort", async () => {
  class BrokenBackend extends MemoryBackend {
    override load(): Promise<Bytes> {
      return Promise.reject(new BackendError("network"));
    }
  }
  const backend = new BrokenBackend();
  const file = await keyFor("right");
  await backend.save({ type: "key", id: await hashId(file) }, file, signal);
  expect((await failure(openKey(backend, kernel, { password: "right", signal }))).code).toBe("network");
  const aborted = AbortSignal.abort();
  const good = await KeyBackend.with([file]);
  expect((await failure(openKey(good, kernel, { password: "right", signal: aborted }))).name).toBe("AbortError");
});
