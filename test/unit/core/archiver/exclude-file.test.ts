import { describe, expect, test } from "vitest";
import { parseExcludeFile } from "../../../../src/core/archiver/exclude-file.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";

const dollar = "$";

describe("a file of patterns", () => {
  test("has one a line, without what is around it, without comments and empty lines", () => {
    const text = "# what I leave out\r\n\n  *.tmp \r\n\t!keep.tmp\n#\n a b \u00a0\n\u3000c";
    const patterns = ["*.tmp", "!keep.tmp", "a b", "c"];
    expect(parseExcludeFile(text)).toEqual(patterns);
    expect(parseExcludeFile(utf8(text))).toEqual(patterns);
    expect(parseExcludeFile("")).toEqual([]);
  });

  test("may be UTF-16 in both orders, if its mark says so", () => {
    const little = Buffer.from("\ufeffä*\nb", "utf16le");
    expect(parseExcludeFile(new Uint8Array(little))).toEqual(["ä*", "b"]);
    expect(parseExcludeFile(new Uint8Array(little.swap16()))).toEqual(["ä*", "b"]);
    expect(parseExcludeFile(utf8("\ufeffä*"))).toEqual(["ä*"]);
    expect(parseExcludeFile("\ufeffä*")).toEqual(["ä*"]);
  });

  test("writes a dollar twice; where it cannot begin a variable, once will do", () => {
    expect(parseExcludeFile("a$$b\n$$HOME\nend$\n$.x\n# $HOME")).toEqual(["a$b", "$HOME", "end$", "$.x"]);
  });

  test.each(["$HOME/x", `a/${dollar}{HOME}`, `${dollar}{`, `${dollar}{}`, "$1", "$*", "$_", "$$$HOME"])(
    "with the variable in %s is refused",
    (line) => {
      const context = { pattern: line, reason: "variable" };
      expect(() => parseExcludeFile(`fine\n ${line}\n`)).toThrow(
        expect.objectContaining({ code: "pattern-malformed", context }),
      );
    },
  );

  test("that is not UTF-8 is refused where it matters, and not for a comment", () => {
    const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
    expect(parseExcludeFile(bytes("# f\xfcr mich\na"))).toEqual(["a"]);
    expect(() => parseExcludeFile(bytes("a\nf\xfcr mich"))).toThrow(
      expect.objectContaining({ context: { pattern: "f\ufffdr mich", reason: "encoding" } }),
    );
    expect(parseExcludeFile(utf8("a\ufffd"))).toEqual(["a\ufffd"]);
  });

  test("with a line that is longer than restic takes is refused", () => {
    expect(() => parseExcludeFile("x".repeat(65_536))).toThrow(
      expect.objectContaining({ context: { pattern: "x".repeat(100), reason: "too-long" } }),
    );
  });
});
