import { describe, expect, test } from "vitest";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { FileWindows } from "../../../../src/core/codec/file-windows.ts";
import { noise } from "../../../support/noise.ts";

const kept = 8 * 1024 * 1024;
const bytes = noise(1, 3_000_000);

/** A blob whose stream does this with whoever reads it into memory of his own. */
function blobWith(pull: (controller: ReadableByteStreamController) => void): Blob {
  return Object.assign(new Blob([bytes]), {
    stream: () => new ReadableStream({ type: "bytes", pull }) as ReadableStream<Uint8Array<ArrayBuffer>>,
  });
}

describe("a window of a file", () => {
  test.each([1, 600_000, 3_000_000])("holds all of its %d bytes, one window after the other", async (length) => {
    const windows = new FileWindows(kept);
    for (const start of [0, 3_000_000 - length]) {
      const window = await windows.read(new Blob([bytes]).slice(start, start + length), length);
      expect(Buffer.compare(window, bytes.subarray(start, start + length))).toBe(0);
      windows.give(window);
    }
  });

  test("is read into the memory of one that was given back, and into no other", async () => {
    const windows = new FileWindows(kept);
    const first = await windows.read(new Blob([bytes]), bytes.length);
    const second = await windows.read(new Blob([bytes]), bytes.length);
    expect(Buffer.compare(first, second)).toBe(0);
    const length = first.buffer.byteLength;
    windows.give(first);
    const third = await windows.read(new Blob([noise(2, 2_500_000)]), 2_500_000);
    expect(third.buffer.byteLength).toBe(length);
    expect(first.buffer.byteLength).toBe(0); // it was moved into the third
    expect(Buffer.compare(second, bytes)).toBe(0);
  });

  test("of a file that is shorter by now is refused", async () => {
    const reading = new FileWindows(kept).read(new Blob([bytes]), bytes.length + 1);
    await expect(reading).rejects.toMatchObject({ code: "source-unreadable", context: { found: bytes.length } });
  });

  test("whose stream fails or ends early is read in another way", async () => {
    const failing = blobWith((controller) => controller.error(new TypeError("network error")));
    const ending = blobWith((controller) => {
      controller.close();
      controller.byobRequest?.respond(0);
    });
    for (const blob of [failing, ending])
      expect(isSame(await new FileWindows(kept).read(blob, bytes.length))).toBe(true);
  });

  test("is read in another way by engines whose streams fill no memory of the reader's", async () => {
    const blob = Object.assign(new Blob([bytes]), { stream: () => new ReadableStream() });
    expect(isSame(await new FileWindows(kept).read(blob, bytes.length))).toBe(true);
  });
});

function isSame(window: Bytes): boolean {
  return Buffer.compare(window, bytes) === 0;
}
