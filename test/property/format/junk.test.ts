import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, bytesOfHex, concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { HoldallError } from "../../../src/core/base/errors.ts";
import { decodeConfig } from "../../../src/core/format/config.ts";
import { decodeIndex } from "../../../src/core/format/index-file.ts";
import { decodeKeyFile, decodeMasterKey } from "../../../src/core/format/key-file.ts";
import { decodeLockFile } from "../../../src/core/format/lock-file.ts";
import { decodePackHeader, locatePackHeader } from "../../../src/core/format/pack-header.ts";
import { decodeSnapshot } from "../../../src/core/format/snapshot.ts";
import { decodeTree, whyNotCanonical } from "../../../src/core/format/tree.ts";
import { bytesOfBase64Text, repositoryVectors } from "../../support/repository-vectors.ts";
import * as any from "./arbitraries.ts";

/**
 * Bytes from a repository are hostile: whatever they are, a decoder returns or throws one of our errors, at once. A valid
 * file that is cut off or doubled is always an error.
 */
const vectors = repositoryVectors[2];
if (vectors === undefined) throw new Error("no vectors");
const pack = vectors.packs[0];

interface Decoder {
  name: string;
  valid: Bytes;
  decode: (bytes: Bytes) => unknown;
}

const ignore = { pack: () => {}, blob: () => {} };

const jsonDecoders: Decoder[] = [
  { name: "config", valid: utf8(vectors.config.plaintext), decode: decodeConfig },
  { name: "key file", valid: utf8(vectors.key_files[0]?.json ?? ""), decode: decodeKeyFile },
  { name: "master key", valid: utf8(vectors.key_files[0]?.master_key_json ?? ""), decode: decodeMasterKey },
  {
    name: "lock",
    valid: utf8('{"time":"2024-01-01T00:00:00Z","exclusive":false,"hostname":"vm","username":"root","pid":1}'),
    decode: decodeLockFile,
  },
  { name: "snapshot", valid: utf8(vectors.snapshots[0]?.json ?? ""), decode: decodeSnapshot },
  { name: "index", valid: utf8(vectors.index.json), decode: (bytes) => decodeIndex(bytes, 2, ignore) },
  {
    name: "tree",
    valid: bytesOfBase64Text(vectors.trees[0]?.bytes_base64 ?? ""),
    decode: (bytes) => decodeTree(bytes),
  },
];

const packHeader: Decoder = {
  name: "pack header",
  valid: bytesOfHex(pack?.header_plaintext_hex ?? ""),
  decode: (bytes) => decodePackHeader(bytes, bytesOfBase64Text(pack?.base64 ?? "").length, 2),
};

/** True if the decoder refused with an error of ours; any other error fails the test. */
function refuses({ decode }: Decoder, bytes: Bytes): boolean {
  try {
    decode(bytes);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(HoldallError);
    return true;
  }
}

/** Everything but white space at the end matters. */
function contentLength(bytes: Bytes): number {
  return bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
}

describe.each([...jsonDecoders, packHeader])("a $name", (decoder) => {
  const { valid } = decoder;

  test("is read when it is whole", () => {
    expect(valid.length).toBeGreaterThan(0);
    expect(refuses(decoder, valid)).toBe(false);
  });

  test("is refused wherever it is cut off", () => {
    for (let length = 0; length < contentLength(valid); length++) {
      if (!refuses(decoder, valid.slice(0, length))) throw new Error(`accepted when cut off at ${length}`);
    }
  });

  test("is refused when it stands twice", () => {
    expect(refuses(decoder, concatBytes([valid, valid]))).toBe(true);
  });

  test("is read or refused with any one byte changed", () => {
    const change = fc.tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(change, ([at, byte]) => {
        const changed = valid.slice();
        changed[at] = byte;
        refuses(decoder, changed);
      }),
      { numRuns: 200 },
    );
  });

  test("is not made of random bytes", () => {
    fc.assert(
      fc.property(any.bytes({ minLength: 1, maxLength: 300 }), (bytes) => {
        expect(refuses(decoder, bytes)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

/** Values that stand where others belong. */
const oddValue = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    "null",
    "-1",
    "1e400",
    "18446744073709551616",
    '"\\ud800"',
    "[[],[[]]]",
    '{"":{}}',
    '"2024-01-01T00:00:00Z"',
  ),
);

describe.each(jsonDecoders)("a $name of JSON", (decoder) => {
  const { valid } = decoder;

  test("is read or refused whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => {
        refuses(decoder, utf8(json));
      }),
      { numRuns: 150 },
    );
  });

  test("is read or refused with any of its values replaced", () => {
    const text = new TextDecoder().decode(valid);
    const values = Array.from(text.matchAll(/(?<=[:,[])(?:"[^"\\]*"|\d+)/g));
    fc.assert(
      fc.property(fc.constantFrom(...values), oddValue, (value, odd) => {
        const end = value.index + value[0].length;
        refuses(decoder, utf8(text.slice(0, value.index) + odd + text.slice(end)));
      }),
      { numRuns: 200 },
    );
  });

  test.each(["[", '{"a":', '{"nodes":[', '{"packs":[{"blobs":', '{"summary":{"a":', '{"mac":{"x":['])(
    "is refused at once when %s is nested a hundred thousand deep",
    (opening) => {
      expect(refuses(decoder, utf8(opening.repeat(100_000)))).toBe(true);
    },
  );

  test.each(["[", '{"a":'])("does not overflow the stack on %s under a field that is not known", (opening) => {
    expect(refuses(decoder, utf8(`{"x":${opening.repeat(1_000_000)}`))).toBe(true);
  });

  test("is refused at once when it is one long string, number or run of spaces", () => {
    for (const filler of ['"', "9", " ", "\\", "é"]) {
      expect(refuses(decoder, utf8(`{"version":${filler.repeat(1_000_000)}`))).toBe(true);
      expect(refuses(decoder, utf8(`{"${filler.repeat(1_000_000)}`))).toBe(true);
    }
  });
});

test("the place of a pack's header is found or refused whatever its end", () => {
  fc.assert(
    fc.property(any.bytes({ maxLength: 8 }), fc.nat({ max: 2 ** 31 - 1 }), (end, packLength) => {
      refuses({ name: "", valid: end, decode: (bytes) => locatePackHeader(bytes, packLength) }, end);
    }),
    { numRuns: 1000 },
  );
});

test("whether a tree is canonical can be asked of any bytes", () => {
  const tree = bytesOfBase64Text(vectors.trees[0]?.bytes_base64 ?? "");
  fc.assert(
    fc.property(fc.nat({ max: tree.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = tree.slice();
      changed[at] = byte;
      const reason = whyNotCanonical(changed);
      expect(reason === null || reason.length > 0).toBe(true);
    }),
    { numRuns: 200 },
  );
});
