import { readFileSync } from "node:fs";
import type { Bytes } from "../../src/core/base/bytes.ts";

/** Real repositories, made by the restic binaries that their labels name; each file's `origin` says how. */
export interface RepositoryVectors {
  label: string;
  version: 1 | 2;
  repo_password: string;
  key_files: { name: string; password: string; json: string; master_key_json: string }[];
  config: { encrypted_base64: string; plaintext: string };
  packs: {
    name: string;
    base64: string;
    header_plaintext_hex: string;
    header_length_field: number;
    entries: {
      type: "data" | "tree";
      offset: number;
      length: number;
      id: string;
      uncompressed_length?: number;
      plaintext_base64?: string;
    }[];
  }[];
  index: { name: string; encrypted_base64: string; json: string };
  snapshots: { name: string; encrypted_base64: string; json: string }[];
  trees: { path: string; sha256: string; length: number; bytes_base64: string }[];
  big_bin: {
    polynomial: string;
    size: number;
    sha256: string;
    chunks: { start: number; length: number; id: string }[];
  };
}

const files = [
  "repository-restic-0.14.0-format-1.json",
  "repository-restic-0.14.0-format-2.json",
  "repository-restic-0.19.1-format-2.json",
];

export const repositoryVectors: readonly RepositoryVectors[] = files.map((file) =>
  JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), "utf8")),
);

export function bytesOfBase64Text(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "base64"));
}
