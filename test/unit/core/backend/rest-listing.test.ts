import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeListing } from "../../../../src/core/backend/rest-listing.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { HoldallError } from "../../../../src/core/base/errors.ts";

const id = (digit: string) => digit.repeat(64);
const decode = (text: string) => decodeListing(utf8(text), { file: "data" });

describe("a listing", () => {
  test("with lengths", () => {
    const text = `[{"name":"${id("a")}","size":12},{"size":0,"name":"${id("b")}","more":true}]\n`;
    expect(decode(text)).toEqual({
      version: 2,
      files: [
        { id: id("a"), length: 12 },
        { id: id("b"), length: 0 },
      ],
    });
  });

  test("without lengths", () => {
    expect(decode(`["${id("a")}","README","${id("b")}"]`)).toEqual({ version: 1, ids: [id("a"), id("b")] });
  });

  test("that is empty", () => {
    expect(decode("[]\n")).toEqual({ version: 2, files: [] });
  });

  test("leaves out names that are no ids, whatever their size, and counts a name once", () => {
    const text = `[{"name":"README","size":-1},{"name":"${id("a")}","size":1},{"name":"${id("a")}","size":2}]`;
    expect(decode(text)).toEqual({ version: 2, files: [{ id: id("a"), length: 1 }] });
  });

  test.each([
    "{}",
    "null",
    '"x"',
    "12",
    "[1]",
    "[null]",
    "[[]]",
    '[{"name":1,"size":1}]',
    "[{}]",
    "<html></html>",
    "x]",
  ])("%s is malformed", (text) => {
    expect(() => decode(text)).toThrow(
      expect.objectContaining({ name: "FormatError", code: "listing-malformed", retry: "never" }),
    );
  });

  test.each(["-1", "1.5", "1e300", '"1"', "null", "9007199254740992"])("a size of %s is malformed", (size) => {
    expect(() => decode(`[{"name":"${id("a")}","size":${size}}]`)).toThrow(
      expect.objectContaining({ code: "listing-malformed" }),
    );
  });

  test("of both kinds at once is malformed", () => {
    expect(() => decode(`["${id("a")}",{"name":"${id("b")}","size":1}]`)).toThrow();
    expect(() => decode(`[{"name":"${id("b")}","size":1},"${id("a")}"]`)).toThrow();
  });

  test("that was cut off anywhere is tried again", () => {
    const text = `[{"name":"${id("a")}","size":12},{"name":"${id("b")}","size":34}]`;
    for (let length = 0; length < text.length; length++) {
      const expected = expect.objectContaining({ name: "BackendError", code: "short-body", retry: "later" });
      expect(() => decode(text.slice(0, length)), text.slice(0, length)).toThrow(expected);
    }
  });

  test("of any bytes is a listing or a typed error", () => {
    const junk = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(utf8));
    fc.assert(
      fc.property(junk, (bytes) => {
        try {
          decodeListing(new Uint8Array(bytes), {});
        } catch (error) {
          expect(error).toBeInstanceOf(HoldallError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
