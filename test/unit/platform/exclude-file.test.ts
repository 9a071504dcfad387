import { expect, test } from "vitest";
import { readExcludeFile } from "../../../src/platform/exclude-file.ts";

test("a picked file of patterns is read as restic reads it, whatever its encoding", async () => {
  const utf16 = new Uint8Array(Buffer.from("\ufeff# mine\r\n *.tmp \r\nä$$\r\n", "utf16le"));
  expect(await readExcludeFile(new Blob([utf16]))).toEqual(["*.tmp", "ä$"]);
});

test("a variable in a picked file is refused, not guessed", async () => {
  await expect(readExcludeFile(new Blob(["fine\n$HOME/x\n"]))).rejects.toMatchObject({
    code: "pattern-malformed",
    context: { pattern: "$HOME/x", reason: "variable" },
  });
});
