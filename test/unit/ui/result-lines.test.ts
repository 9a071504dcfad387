import { expect, test } from "vitest";
import { resultLines } from "../../../src/ui/result-lines.ts";
import { errorTexts } from "../../../src/ui/text/errors.ts";

test("a result lists what failed, was renamed and was left out, one thing a line", () => {
  const text = resultLines({
    failures: [{ path: "/a\nb", code: "blob-missing", context: {} }],
    renamed: [{ path: "/a:b", writtenAs: "/a_b" }],
    skipped: [{ path: "/latest", type: "symlink" }],
  });
  const lines = text.split("\n").filter((line) => line !== "");
  expect(lines.length).toBe(6);
  expect(lines[1]).toContain(`/a\ufffdb\t${errorTexts["blob-missing"].title}`);
  expect(lines[3]).toBe("  /a:b\twritten as\t/a_b");
  expect(lines[5]).toBe("  /latest\tLink");
});

test("what did not happen has no heading", () => {
  expect(resultLines({ failures: [], renamed: [], skipped: [] })).toBe("");
});
