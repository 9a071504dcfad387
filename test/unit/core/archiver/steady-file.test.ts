import { expect, test } from "vitest";
import { readSteadily } from "../../../../src/core/archiver/steady-file.ts";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import type { SourceFile } from "../../../../src/core/base/ports.ts";
import { type SavedFile, smallFileLimit } from "../../../../src/core/codec/codec.ts";

const signal = new AbortController().signal;
const large = smallFileLimit + 1;

function state(size: number, modifiedMs: number): SourceFile {
  return { size, modifiedMs, blob: new Blob() };
}

const unreadable = { error: new HoldallError("source-unreadable", { reason: "NotReadableError" }) };

function content(number: number): SavedFile {
  return { content: [parseId(number.toString(16).padStart(64, "0")) as Id] };
}

/** A file that is in these states when it is opened, and gives these readings; notes what was asked of it. */
function fileIn(states: (SourceFile | "gone")[], readings: SavedFile[]) {
  let opened = 0;
  const read: SourceFile[] = [];
  const open = async (): Promise<SourceFile> => {
    const now = states[opened++];
    if (now === undefined) throw new Error("opened too often");
    if (now === "gone") throw new HoldallError("source-unreadable", { reason: "NotFoundError" });
    return now;
  };
  const reading = (): SavedFile => {
    const result = readings.shift();
    if (result === undefined) throw new Error("read too often");
    return result;
  };
  const result = async () => {
    const file = await open();
    read.push(file);
    return readSteadily(
      { file, open: open },
      Promise.resolve(reading()),
      async (again) => {
        read.push(again);
        return reading();
      },
      signal,
    );
  };
  return { result, read, openings: () => opened };
}

test("a small file that can be read is opened once", async () => {
  const file = fileIn([state(10, 1)], [content(1)]);
  expect(await file.result()).toEqual({ ...content(1), file: state(10, 1) });
  expect(file.openings()).toBe(1);
});

test("a large file that was read is looked at once more, and is good if it is as before", async () => {
  const file = fileIn([state(large, 1), state(large, 1)], [content(1)]);
  expect(await file.result()).toEqual({ ...content(1), file: state(large, 1) });
  expect(file.openings()).toBe(2);
});

test.each([
  ["its time", state(large, 2)],
  ["its size", state(large + 1, 1)],
])("a large file that differs in %s after it was read is read again, as what it is then", async (_, then) => {
  const file = fileIn([state(large, 1), then, then], [content(1), content(2)]);
  expect(await file.result()).toEqual({ ...content(2), file: then });
  expect(file.read).toEqual([state(large, 1), then]);
});

test("a file that cannot be read is opened and read again", async () => {
  const file = fileIn([state(10, 1), state(12, 2)], [unreadable, content(2)]);
  expect(await file.result()).toEqual({ ...content(2), file: state(12, 2) });
});

test("a file that differs each time is read three times and then said to change", async () => {
  const states = [state(large, 1), state(large, 2), state(large, 3), state(large, 4)];
  const file = fileIn(states, [content(1), content(2), content(3)]);
  expect(await file.result()).toMatchObject({ error: { code: "source-changed" } });
  expect(file.read.length).toBe(3);
});

test("a file that stays the same and cannot be read three times is unreadable, with the reason", async () => {
  const file = fileIn([state(10, 1), state(10, 1), state(10, 1), state(10, 1)], [unreadable, unreadable, unreadable]);
  expect(await file.result()).toEqual(unreadable);
  expect(file.read.length).toBe(3);
});

test("a file that changed once and cannot be read then is one that changes", async () => {
  const file = fileIn([state(10, 1), state(10, 2), state(10, 2), state(10, 2)], [unreadable, unreadable, unreadable]);
  expect(await file.result()).toMatchObject({ error: { code: "source-changed", cause: unreadable.error } });
});

test("a file that is gone when it is to be read again is unreadable, and is not read again", async () => {
  const file = fileIn([state(10, 1), "gone"], [unreadable]);
  expect(await file.result()).toMatchObject({
    error: { code: "source-unreadable", context: { reason: "NotFoundError" } },
  });
  expect(file.read.length).toBe(1);
});

test("a large file that is gone after it was read whole is in the backup", async () => {
  const file = fileIn([state(large, 1), "gone"], [content(1)]);
  expect(await file.result()).toEqual({ ...content(1), file: state(large, 1) });
});

test("what is no matter of the file ends the run", async () => {
  const lost = new HoldallError("network", {}, { retry: "later" });
  const failing = readSteadily(
    { file: state(10, 1), open: () => Promise.reject(lost) },
    Promise.resolve(unreadable),
    async () => content(1),
    signal,
  );
  await expect(failing).rejects.toBe(lost);
});
