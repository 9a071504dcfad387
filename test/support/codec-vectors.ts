import { readFileSync } from "node:fs";

/** test/vectors/codec.json, as its "origin" says; binary values in hex, frames in base64. */
export interface CodecVectors {
  origin: string;
  crypto: {
    name: string;
    encrypt: string;
    mac_k: string;
    mac_r: string;
    nonce: string;
    plaintext: string;
    aes128_k_of_nonce: string;
    ciphertext: string;
    mac: string;
    file: string;
  }[];
  scrypt: {
    password_utf8: string;
    salt: string;
    N: number;
    r: number;
    p: number;
    encrypt: string;
    mac_k: string;
    mac_r: string;
  }[];
  generator: { first_16_bytes_seed_1: string; first_16_bytes_seed_7: string; sha256_1MiB_seed_1: string };
  chunker: {
    polynomial: string;
    cases: {
      input: string;
      size: number;
      sha256: string;
      chunks: { start: number; length: number; sha256: string }[];
    }[];
  };
  frames: { name: string; length: number; sha256: string; frame: string }[];
}

export const codecVectors: CodecVectors = JSON.parse(
  readFileSync(new URL("../vectors/codec.json", import.meta.url), "utf8"),
);
