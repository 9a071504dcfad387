import fc from "fast-check";
import { expect, test } from "vitest";
import { archiveName } from "../../../src/ui/archive-name.ts";

const timeMs = new Date(2026, 10, 23, 14, 2).getTime();

test("an archive is called after computer, day and what is in it", () => {
  const name = archiveName({ hostname: "laptop-browser", timeMs, subject: "Documents" }, "zip");
  expect(name).toBe("laptop-browser 2026-11-23 Documents.zip");
  expect(archiveName({ hostname: "nas", timeMs, subject: null }, "tar")).toBe("nas 2026-11-23.tar");
});

test.each([
  ["../../etc/passwd", "nas 2026-11-23 etc_passwd.zip"],
  ["CON", "nas 2026-11-23 CON.zip"],
  ["photo\u202egpj.exe", "nas 2026-11-23 photo_gpj.exe.zip"],
  ["a\nb\u0000c", "nas 2026-11-23 a_b_c.zip"],
  ["$(reboot)", "nas 2026-11-23 (reboot).zip"],
  ["写真 ☃", "nas 2026-11-23 写真 ☃.zip"],
])("the name %j does no harm", (subject, expected) => {
  expect(archiveName({ hostname: "nas", timeMs, subject }, "zip")).toBe(expected);
});

test("every name is one that file systems take", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(text, text, (hostname, subject) => {
      const name = archiveName({ hostname, timeMs, subject }, "zip");
      expect(name).toMatch(/^[^.\s][^<>:"/\\|?*\p{Cc}\p{Cf}]*\.zip$/u);
      expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255);
    }),
    { numRuns: 500 },
  );
});
