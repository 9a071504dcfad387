import { base64Of, encodeBase64 } from "../base/base64.ts";
import { type Bytes, concatBytes, utf8 } from "../base/bytes.ts";
import { FormatError, UnsupportedError } from "../base/errors.ts";
import { FieldNames } from "../base/field-names.ts";
import { goJsonString } from "../base/go-json.ts";
import { JsonReader } from "../base/go-json-reader.ts";
import { zeroTime } from "../base/rfc3339.ts";
import { type MasterKey, sealOverhead } from "../codec/cipher.ts";
import type { KdfParameters } from "../codec/kdf.ts";
import { readStoredObject, type StoredObjectType } from "./stored-object.ts";

/** A key file: the master key, sealed under a key that is derived from a password. It is the only file stored in the clear. */
export interface KeyFile {
  /** RFC 3339. */
  created: string;
  username: string;
  hostname: string;
  kdf: KdfParameters;
  /** encodeMasterKey's bytes, sealed under the derived key. */
  sealedMaster: Bytes;
}

export const saltLength = 64;

/** Longer files are no key files. */
export const longestKeyFileBytes = 64 * 1024;

const type: StoredObjectType<"created" | "username" | "hostname" | "kdf" | "N" | "r" | "p" | "salt" | "data"> = {
  kind: "key",
  code: "key-malformed",
  names: new FieldNames(["created", "username", "hostname", "kdf", "N", "r", "p", "salt", "data"]),
  longestBytes: longestKeyFileBytes,
};

/** The bytes of a key file, as restic writes them. They are stored as they are. */
export function encodeKeyFile(key: KeyFile): Bytes {
  const { N, r, p, salt } = key.kdf;
  return utf8(
    `{"created":"${key.created}","username":${goJsonString(key.username)},"hostname":${goJsonString(key.hostname)},` +
      `"kdf":"scrypt","N":${N},"r":${r},"p":${p},"salt":"${base64Of(salt)}","data":"${base64Of(key.sealedMaster)}"}`,
  );
}

/**
 * Reads a key file. Whether its parameters are bearable is for the KDF to say. Throws FormatError "key-malformed" or
 * "wrong-file-type", UnsupportedError "kdf-unsupported".
 */
export function decodeKeyFile(bytes: Bytes): KeyFile {
  const key: KeyFile = {
    created: zeroTime,
    username: "",
    hostname: "",
    kdf: { N: 0, r: 0, p: 0, salt: new Uint8Array() },
    sealedMaster: new Uint8Array(),
  };
  let kdfName = "";
  readStoredObject(bytes, type, (name, reader) => {
    if (name === "created") key.created = reader.readTime();
    else if (name === "username" || name === "hostname") key[name] = reader.readString();
    else if (name === "kdf") kdfName = reader.readString();
    else if (name === "salt") key.kdf.salt = reader.readBase64();
    else if (name === "data") key.sealedMaster = reader.readBase64();
    else key.kdf[name] = reader.readSafeUint();
  });
  if (kdfName !== "scrypt") throw new UnsupportedError("kdf-unsupported", { kdf: kdfName.slice(0, 40) });
  if (key.kdf.salt.length !== saltLength) throw malformed("salt of another length than 64");
  if (key.sealedMaster.length < sealOverhead) throw malformed("data too short");
  return key;
}

/** True if the bytes are a key file: to tell one that lies where sealed files belong. */
export function isKeyFile(bytes: Bytes): boolean {
  try {
    decodeKeyFile(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The plain bytes that a key file seals. They are secret: the caller wipes them. */
export function encodeMasterKey(master: MasterKey): Bytes {
  const parts = [
    utf8('{"mac":{"k":"'),
    encodeBase64(master.macK),
    utf8('","r":"'),
    encodeBase64(master.macR),
    utf8('"},"encrypt":"'),
    encodeBase64(master.encrypt),
    utf8('"}'),
  ];
  const plain = concatBytes(parts);
  for (const part of parts) part.fill(0);
  return plain;
}

const masterNames = new FieldNames(["mac", "encrypt"]);
const macNames = new FieldNames(["k", "r"]);

/**
 * Reads the plain bytes of a key file's data without making a string of any secret. The lengths of the parts are for
 * importMasterKey to check. The caller owns the key, and wipes it and the bytes. Throws FormatError "key-malformed".
 */
export function decodeMasterKey(plain: Bytes): MasterKey {
  const master: MasterKey = { encrypt: new Uint8Array(), macK: new Uint8Array(), macR: new Uint8Array() };
  const reader = new JsonReader(plain, "key-malformed");
  for (let more = reader.enterObject(); more; more = reader.moreFields()) {
    const name = reader.readName(masterNames);
    if (name === "encrypt") master.encrypt = reader.readBase64();
    else if (name === "mac") readMacKey(reader, master);
    else reader.skipValue();
  }
  reader.end();
  const { encrypt, macK, macR } = master;
  if (encrypt.length !== 32 || macK.length !== 16 || macR.length !== 16)
    throw malformed("master key of another length");
  if ([encrypt, macK, macR].some((part) => part.every((byte) => byte === 0))) throw malformed("master key of zeros");
  return master;
}

function readMacKey(reader: JsonReader, master: MasterKey): void {
  for (let more = reader.enterObject(); more; more = reader.moreFields()) {
    const name = reader.readName(macNames);
    if (name === "k") master.macK = reader.readBase64();
    else if (name === "r") master.macR = reader.readBase64();
    else reader.skipValue();
  }
}

function malformed(reason: string): FormatError {
  return new FormatError("key-malformed", { reason });
}
