import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto";

/**
 * restic's cipher and key files in the shortest form, independent of the product: to give test repositories cheap keys, to
 * look into them, and to plant damage that only the right reader of the format notices.
 */
export interface ReferenceKey {
  encrypt: Buffer;
  macK: Buffer;
  macR: Buffer;
}

const overhead = 32;

/** IV, ciphertext and MAC of the plain bytes. */
export function sealReference(key: ReferenceKey, plain: Buffer, iv: Buffer = randomBytes(16)): Buffer {
  const cipher = createCipheriv("aes-256-ctr", key.encrypt, iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, ciphertext, macOf(key, iv, ciphertext)]);
}

/** As sealReference, with the classic mistake: the counter is 32 bits wide, so its carry never reaches the nonce. */
export function sealWithNarrowCounter(key: ReferenceKey, plain: Buffer): Buffer {
  // The carry comes behind the first block.
  const nonce = randomBytes(12);
  const iv = Buffer.concat([nonce, Buffer.alloc(4, 0xff)]);
  const afterCarry = Buffer.concat([nonce, Buffer.alloc(4)]);
  const ciphertext = Buffer.concat([
    createCipheriv("aes-256-ctr", key.encrypt, iv).update(plain.subarray(0, 16)),
    createCipheriv("aes-256-ctr", key.encrypt, afterCarry).update(plain.subarray(16)),
  ]);
  return Buffer.concat([iv, ciphertext, macOf(key, iv, ciphertext)]);
}

/** The plain bytes; throws if the MAC is not right. */
export function openReference(key: ReferenceKey, sealed: Buffer): Buffer {
  if (sealed.length < overhead) throw new Error("sealed bytes too short");
  const iv = sealed.subarray(0, 16);
  const ciphertext = sealed.subarray(16, -16);
  if (!macOf(key, iv, ciphertext).equals(sealed.subarray(-16))) throw new Error("MAC differs");
  const decipher = createDecipheriv("aes-256-ctr", key.encrypt, iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

interface KeyFileJson {
  created: string;
  username: string;
  hostname: string;
  kdf: string;
  N: number;
  r: number;
  p: number;
  salt: string;
  data: string;
}

/** The master key of a repository out of the bytes of a key file; throws if the password is another one's. */
export function openKeyFile(bytes: Buffer, password: string): ReferenceKey {
  const file = JSON.parse(bytes.toString("utf8")) as KeyFileJson;
  const sealed = Buffer.from(file.data, "base64");
  const plain = openReference(derive(password, Buffer.from(file.salt, "base64"), file), sealed);
  const master = JSON.parse(plain.toString("utf8")) as { mac: { k: string; r: string }; encrypt: string };
  const { mac, encrypt } = master;
  return {
    encrypt: Buffer.from(encrypt, "base64"),
    macK: Buffer.from(mac.k, "base64"),
    macR: Buffer.from(mac.r, "base64"),
  };
}

/** A key file whose derivation costs next to nothing (N=2, which restic accepts), so that test runs need not wait for scrypt. */
export function makeCheapKeyFile(master: ReferenceKey, password: string): Buffer {
  const salt = randomBytes(64);
  const cost = { N: 2, r: 1, p: 1 };
  const mac = { k: master.macK.toString("base64"), r: master.macR.toString("base64") };
  const plain = Buffer.from(JSON.stringify({ mac, encrypt: master.encrypt.toString("base64") }));
  const data = sealReference(derive(password, salt, cost), plain).toString("base64");
  const file: KeyFileJson = {
    created: "2024-01-01T00:00:00Z",
    username: "test",
    hostname: "test",
    kdf: "scrypt",
    ...cost,
    salt: salt.toString("base64"),
    data,
  };
  return Buffer.from(JSON.stringify(file));
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function derive(password: string, salt: Buffer, cost: { N: number; r: number; p: number }): ReferenceKey {
  const { N, r, p } = cost;
  const derived = scryptSync(Buffer.from(password, "utf8"), salt, 64, { N, r, p, maxmem: 256 * N * r + 1024 * 1024 });
  return { encrypt: derived.subarray(0, 32), macK: derived.subarray(32, 48), macR: derived.subarray(48, 64) };
}

/** Poly1305-AES over the ciphertext alone. */
function macOf(key: ReferenceKey, iv: Buffer, ciphertext: Buffer): Buffer {
  const prime = (1n << 130n) - 5n;
  const pad = createCipheriv("aes-128-ecb", key.macK, null).setAutoPadding(false).update(iv);
  const multiplier = littleEndian(key.macR) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let offset = 0; offset < ciphertext.length; offset += 16) {
    const piece = ciphertext.subarray(offset, offset + 16);
    sum = ((sum + littleEndian(piece) + (1n << BigInt(8 * piece.length))) * multiplier) % prime;
  }
  const mac = (sum + littleEndian(pad)) & ((1n << 128n) - 1n);
  return Buffer.from(mac.toString(16).padStart(32, "0"), "hex").reverse();
}

function littleEndian(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}
