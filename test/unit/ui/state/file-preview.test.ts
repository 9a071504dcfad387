import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { FilePreview, imageLimitBytes, textLimitBytes } from "../../../../src/ui/state/file-preview.svelte.ts";
import type { FolderEntry, Preview } from "../../../../src/workers/repository-api.ts";

const png = Uint8Array.from("\x89PNG\r\n\x1a\n", (character) => character.charCodeAt(0));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function entryOf(name: string, sizeBytes: number): FolderEntry {
  const known = { modifiedMs: 0, linkTarget: null, permissions: null, owner: "" };
  return { position: 0, name, type: "file", sizeBytes, ...known };
}

function previewOn(answer: (maxBytes: number) => Preview) {
  const asked: number[] = [];
  const preview = new FilePreview({
    preview: async ({ maxBytes }) => {
      asked.push(maxBytes);
      return answer(maxBytes);
    },
  });
  return { preview, asked };
}

function part(bytes: Uint8Array<ArrayBuffer>, totalBytes: number) {
  return (maxBytes: number) => ({ bytes: bytes.slice(0, maxBytes), totalBytes });
}

test("text is shown in part, and says of how much", async () => {
  const bytes = new TextEncoder().encode("a line\n".repeat(100_000));
  const { preview } = previewOn(part(bytes, 700_000));
  preview.show("5a", [0], entryOf("a.txt", 700_000));
  expect(preview.shown.state).toBe("loading");
  await vi.runAllTimersAsync();
  expect(preview.shown).toMatchObject({ state: "text", shownBytes: textLimitBytes, totalBytes: 700_000 });
});

test("a picture is fetched whole, up to a limit, and carries a type of ours", async () => {
  const bytes = new Uint8Array(textLimitBytes + 10);
  bytes.set(png);
  const { preview, asked } = previewOn(part(bytes, bytes.length));
  preview.show("5a", [0], entryOf("a.png", bytes.length));
  await vi.runAllTimersAsync();
  expect(asked).toEqual([textLimitBytes, bytes.length]);
  expect(preview.shown).toMatchObject({ state: "image", image: { type: "image/png", size: bytes.length } });
});

test("a picture that is too large is not fetched whole", async () => {
  const { preview, asked } = previewOn(part(png, imageLimitBytes + 1));
  preview.show("5a", [0], entryOf("a.png", imageLimitBytes + 1));
  await vi.runAllTimersAsync();
  expect(preview.shown).toEqual({ state: "other", family: "large-image" });
  expect(asked).toEqual([textLimitBytes]);
});

test("films, empty files and folders are not fetched at all", async () => {
  const { preview, asked } = previewOn(part(png, 8));
  preview.show("5a", [0], entryOf("a.mp4", 9_000));
  expect(preview.shown).toEqual({ state: "other", family: "video" });
  preview.show("5a", [1], entryOf("a.txt", 0));
  expect(preview.shown).toEqual({ state: "other", family: "empty" });
  preview.show("5a", [2], { ...entryOf("a", 0), type: "dir" });
  expect(preview.shown).toEqual({ state: "none" });
  await vi.runAllTimersAsync();
  expect(asked).toEqual([]);
});

test("a cursor that runs over many files fetches the one on which it rests", async () => {
  const { preview, asked } = previewOn(part(new TextEncoder().encode("text"), 4));
  for (let at = 0; at < 20; at++) preview.show("5a", [at], entryOf(`${at}.txt`, 4));
  await vi.runAllTimersAsync();
  expect(asked.length).toBe(1);
});

test("a slow answer does not replace what is looked at now", async () => {
  let answerFirst: (preview: Preview) => void = () => {};
  const first = new Promise<Preview>((resolve) => {
    answerFirst = resolve;
  });
  const second = { bytes: new TextEncoder().encode("second"), totalBytes: 6 };
  const preview = new FilePreview({ preview: ({ path }) => (path[0] === 1 ? first : Promise.resolve(second)) });
  preview.show("5a", [1], entryOf("1.txt", 5));
  await vi.runAllTimersAsync();
  preview.show("5a", [2], entryOf("2.txt", 6));
  await vi.runAllTimersAsync();
  answerFirst({ bytes: new TextEncoder().encode("first"), totalBytes: 5 });
  await vi.runAllTimersAsync();
  expect(preview.shown).toMatchObject({ state: "text", text: "second" });
});

test("a failure is told, and trying again asks again", async () => {
  let fails = true;
  const { preview } = previewOn(() => {
    if (fails) throw new HoldallError("blob-missing");
    return { bytes: new TextEncoder().encode("text"), totalBytes: 4 };
  });
  preview.show("5a", [0], entryOf("a.txt", 4));
  await vi.runAllTimersAsync();
  expect(preview.shown).toMatchObject({ state: "failed", failure: { code: "blob-missing" } });
  fails = false;
  preview.retry();
  await vi.runAllTimersAsync();
  expect(preview.shown).toMatchObject({ state: "text", text: "text" });
});
