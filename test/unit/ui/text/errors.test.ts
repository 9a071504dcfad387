import { expect, test } from "vitest";
import { errorText } from "../../../../src/ui/text/errors.ts";

/** What servers and what stands before them answer when something is wrong. */
const serverTrouble = [
  "timeout",
  "server-busy",
  "short-body",
  "login-rejected",
  "access-denied",
  "already-exists",
  "too-large",
  "storage-full",
  "redirected",
  "not-a-rest-server",
  "upload-corrupted",
  "lock-lost",
  "writer-elsewhere",
  "packs-missing",
  "clock-skewed",
] as const;

test.each(serverTrouble)("%s says what became of the data, and what to do", (code) => {
  const { happened, advice } = errorText(code);
  expect(happened).toMatch(/kept|not affected|untouched|[Nn]othing|No snapshot was made/);
  expect(advice).not.toBe("");
});

test("a proxy's limit and a full server name the setting and the command that help", () => {
  expect(errorText("too-large").advice).toContain("client_max_body_size");
  expect(errorText("storage-full").advice).toContain("restic prune");
});

test("a lock tells its host, or that it cannot be read", () => {
  expect(errorText("locked", { lock: "1f", hostname: "nas" }).happened).toContain("by nas");
  expect(errorText("locked", { lock: "1f", reason: "unreadable" }).happened).toContain("cannot be read");
});
