import { type Bytes, utf8 } from "../base/bytes.ts";
import { FormatError, IntegrityError, UnsupportedError } from "../base/errors.ts";
import { FieldNames } from "../base/field-names.ts";
import { type Id, parseId } from "../base/id.ts";
import { formatPolynomial, type Polynomial, parsePolynomial } from "../codec/polynomial.ts";
import { readStoredObject, type StoredObjectType } from "./stored-object.ts";
import type { FileCipher, FormatVersion } from "./unpacked.ts";

/** What a repository is: written once, when it is made. */
export interface Config {
  formatVersion: FormatVersion;
  /** Random; names the repository, whatever its address. */
  id: Id;
  chunkerPolynomial: Polynomial;
}

const type: StoredObjectType<"version" | "id" | "chunker_polynomial"> = {
  kind: "config",
  code: "config-malformed",
  names: new FieldNames(["version", "id", "chunker_polynomial"]),
  longestBytes: 64 * 1024,
};

export function encodeConfig(config: Config): Bytes {
  const { formatVersion, id, chunkerPolynomial } = config;
  return utf8(
    `{"version":${formatVersion},"id":"${id}","chunker_polynomial":"${formatPolynomial(chunkerPolynomial)}"}`,
  );
}

/**
 * Reads a config. Throws FormatError "config-malformed" (a polynomial that is reducible included) or "wrong-file-type",
 * UnsupportedError "repository-version".
 */
export function decodeConfig(plain: Bytes): Config {
  let version = 0;
  let id: Id | null = null;
  let polynomial = "";
  readStoredObject(plain, type, (name, reader) => {
    if (name === "version") version = reader.readUint32();
    else if (name === "id") id = parseId(reader.readString().toLowerCase());
    else polynomial = reader.readString();
  });
  if (version !== 1 && version !== 2) throw new UnsupportedError("repository-version", { version });
  if (id === null) throw new FormatError("config-malformed", { reason: "no repository id" });
  return { formatVersion: version, id, chunkerPolynomial: parsePolynomial(polynomial) };
}

/** Seals a config for storing. It is never compressed, in either format. */
export async function sealConfig(config: Config, cipher: FileCipher): Promise<Bytes> {
  return cipher.seal(encodeConfig(config));
}

/**
 * Opens a stored config. Throws as decodeConfig, and IntegrityError "config-damaged" if it was not sealed under this
 * master key: either it was altered, or the key file is another repository's.
 */
export async function openConfig(sealed: Bytes, cipher: FileCipher): Promise<Config> {
  let plain: Bytes;
  try {
    plain = await cipher.open(sealed);
  } catch (error) {
    if (error instanceof IntegrityError) throw new IntegrityError("config-damaged", {}, { cause: error });
    throw error;
  }
  return decodeConfig(plain);
}
