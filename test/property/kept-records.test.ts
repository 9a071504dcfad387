import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ListedFile } from "../../src/core/backend/backend.ts";
import { decodeKeptListing, encodeKeptListing } from "../../src/core/backend/kept-listing.ts";
import { decodePin, encodePin, treeKey } from "../../src/core/backend/offline-pin.ts";
import type { Bytes } from "../../src/core/base/bytes.ts";
import { FormatError } from "../../src/core/base/errors.ts";
import { idOfBytes } from "../../src/core/base/id.ts";
import { decodeLogin, encodeLogin, type KeptLogin } from "../../src/core/format/login.ts";

/** What a device keeps comes back as it was; whatever else lies there is no record, and no error but the one that is said. */
const bytes = (length?: number) =>
  fc.uint8Array(length === undefined ? {} : { minLength: length, maxLength: length }).map((array) => array.slice());
const id = bytes(32).map((array) => idOfBytes(array as Bytes));
const listing = fc.array(fc.record({ id, length: fc.nat({ max: Number.MAX_SAFE_INTEGER }) }), { maxLength: 20 });
const pinKeys = fc.array(
  fc.record({ pack: id, offset: fc.nat(), length: fc.nat() }).map((place) => treeKey(place)),
  { maxLength: 20 },
);
const login = fc.record({ username: fc.string({ unit: "binary" }), password: fc.string({ unit: "grapheme" }) });

describe("records of the offline copy", () => {
  test("a listing comes back", () => {
    const comesBack = (files: ListedFile[]) => void expect(decodeKeptListing(encodeKeptListing(files))).toEqual(files);
    fc.assert(fc.property(listing, comesBack));
  });

  test("a list of trees comes back", () => {
    const comesBack = (keys: string[]) => void expect(decodePin(encodePin(new Set(keys)))).toEqual(new Set(keys));
    fc.assert(fc.property(pinKeys, comesBack));
  });

  test("a login comes back", () => {
    const comesBack = (kept: KeptLogin) => void expect(decodeLogin(encodeLogin(kept))).toEqual(kept);
    fc.assert(fc.property(login, comesBack));
  });

  test("junk is none", () => {
    fc.assert(
      fc.property(bytes(), (junk) => {
        const listed = decodeKeptListing(junk as Bytes);
        expect(listed === null || listed.length * 40 === junk.length).toBe(true);
        expect(decodePin(junk as Bytes)).toEqual(new Set());
        expect(() => decodeLogin(junk as Bytes)).toThrow(FormatError);
      }),
    );
  });

  test("a login that is cut off or doubled is none", () => {
    fc.assert(
      fc.property(login, fc.nat(), (kept, cut) => {
        const whole = encodeLogin(kept);
        expect(() => decodeLogin(whole.slice(0, cut % whole.length))).toThrow(FormatError);
        expect(() => decodeLogin(new Uint8Array([...whole, ...whole]))).toThrow(FormatError);
      }),
    );
  });
});
