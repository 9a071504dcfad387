import { expect, test } from "vitest";
import { backupLines, resultLines } from "../../../src/ui/result-lines.ts";
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

test("a backup lists what could not be read and what was slow, under its own name", () => {
  const failures = [{ path: "/a\nb", code: "source-changed" as const, context: {} }];
  const text = backupLines("Backed up Documents", {
    failures,
    slow: [{ path: "/film.mp4", bytes: 1.1e9, durationMs: 71_000 }],
  });
  const lines = text.split("\n").filter((line) => line !== "");
  expect(lines[0]).toBe("Backed up Documents");
  expect(lines[1]).toBe("1 file could not be read");
  expect(lines[2]).toContain(`/a\ufffdb\t${errorTexts["source-changed"].title}`);
  expect(lines[4]).toBe("  /film.mp4\t1.1 GB in 1 minute");
});
