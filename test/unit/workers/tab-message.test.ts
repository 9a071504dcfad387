import fc from "fast-check";
import { expect, test } from "vitest";
import { tabMessageOf, writerProgressOf } from "../../../src/workers/tab-message.ts";
import { backupProgress } from "../../support/backup-request.ts";

test("what a tab tells is heard by another", () => {
  const progress = writerProgressOf(backupProgress({ currentPath: "Documents/secret" }));
  for (const message of [
    { kind: "ask" },
    { kind: "locks", from: "tab", ids: ["5".repeat(64)] },
    { kind: "progress", progress },
  ]) {
    expect(tabMessageOf(structuredClone(message))).toEqual(message);
  }
  expect(JSON.stringify(progress), "numbers, no names").not.toContain("secret");
});

test("anything else is passed over", () => {
  const progress = writerProgressOf(backupProgress());
  for (const data of [
    { kind: "locks", from: "tab", ids: ["../config"] },
    { kind: "locks", from: "tab", ids: Array(101).fill("5".repeat(64)) },
    { kind: "locks", from: 7, ids: [] },
    ...Object.keys(progress).map((field) => ({ kind: "progress", progress: { ...progress, [field]: {} } })),
  ]) {
    expect(tabMessageOf(data), JSON.stringify(data)).toBeNull();
  }
  fc.assert(fc.property(fc.anything(), (data) => void expect(tabMessageOf(data)).toBeNull()));
});
