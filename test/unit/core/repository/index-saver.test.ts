import { beforeEach, describe, expect, test } from "vitest";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import type { IndexedPack } from "../../../../src/core/format/index-file.ts";
import { IndexSaver, type SealedIndex } from "../../../../src/core/repository/index-saver.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const minute = 60_000;

let clock: TestClock;
let saved: SealedIndex[];
let failures: unknown[];
let store: (index: SealedIndex) => Promise<void>;
let saver: IndexSaver;

beforeEach(() => {
  clock = new TestClock();
  saved = [];
  failures = [];
  store = async (index) => void saved.push(index);
  let sealed = 0;
  const seal = async (json: Bytes) => ({ id: id(++sealed), sealed: json });
  saver = new IndexSaver({ clock, seal, save: (index) => store(index) }, (error) => void failures.push(error));
});

function id(number: number): Id {
  return parseId(number.toString(16).padStart(64, "0")) as Id;
}

function pack(number: number): IndexedPack {
  return {
    id: id(number),
    blobs: [{ type: "data", id: id(1000 + number), offset: 0, length: 100, uncompressedLength: null }],
  };
}

const names = () => saved.map(({ packs }) => packs.map((each) => Number.parseInt(each.id, 16)));

describe("an index file is written", () => {
  test("after eight packs", async () => {
    for (let i = 1; i <= 17; i++) await saver.add(pack(i), signal);
    expect(names()).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10, 11, 12, 13, 14, 15, 16],
    ]);
    await saver.flush(signal);
    expect(names()[2]).toEqual([17]);
    expect(clock.pending).toBe(0);
  });

  test("after fifty thousand blobs, however few packs they are in", async () => {
    const [blob] = pack(0).blobs;
    const blobs = Array.from({ length: 25_000 }, () => blob as NonNullable<typeof blob>);
    for (let i = 1; i <= 5; i++) await saver.add({ id: id(i), blobs }, signal);
    expect(names()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("a minute after the oldest pack that none names, however many come after it", async () => {
    await saver.add(pack(1), signal);
    for (let i = 2; i <= 6; i++) {
      await clock.advance(10_000);
      await saver.add(pack(i), signal);
    }
    expect(names()).toEqual([]);
    await clock.advance(10_000);
    expect(names()).toEqual([[1, 2, 3, 4, 5, 6]]);
    await clock.advance(5 * minute);
    await saver.add(pack(7), signal);
    await clock.advance(minute - 1);
    expect(names()).toHaveLength(1);
    await clock.advance(1);
    expect(names()[1]).toEqual([7]);
  });

  test("never when there is nothing to name", async () => {
    await saver.flush(signal);
    await clock.advance(10 * minute);
    expect(saved).toEqual([]);
  });

  test("one at a time, and packs that come meanwhile go into the next", async () => {
    const waiting: (() => void)[] = [];
    let atOnce = 0;
    let peak = 0;
    store = async (index) => {
      peak = Math.max(peak, ++atOnce);
      await new Promise<void>((resolve) => waiting.push(resolve));
      atOnce--;
      saved.push(index);
    };
    const adding = Array.from({ length: 20 }, (_, i) => saver.add(pack(i + 1), signal));
    await clock.advance(0);
    const finished = saver.flush(signal);
    for (let i = 0; i < 4; i++) {
      await clock.advance(0);
      waiting.shift()?.();
    }
    await Promise.all([...adding, finished]);
    expect(peak).toBe(1);
    expect(names().flat()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(saver.hasUnsaved).toBe(false);
  });
});

describe("an index file that fails", () => {
  const full = new BackendError("storage-full");
  const fail = async () => {
    throw full;
  };

  test("fails whoever waits for it, and is reported if nobody does", async () => {
    store = fail;
    await saver.add(pack(1), signal);
    await clock.advance(minute);
    expect(failures).toEqual([full]);
    await expect(saver.flush(signal)).rejects.toBe(full);
  });

  test("is sent again as the same file, so that no two files name a pack", async () => {
    const sent: SealedIndex[] = [];
    store = async (index) => {
      sent.push(index);
      throw full;
    };
    await saver.add(pack(1), signal);
    await expect(saver.flush(signal)).rejects.toBe(full);
    await saver.add(pack(2), signal);
    store = async (index) => void saved.push(index);
    expect(saver.hasUnsaved).toBe(true);
    await saver.flush(signal);
    expect(saved[0]?.id).toBe(sent[0]?.id);
    expect(names()).toEqual([[1], [2]]);
    expect(saver.hasUnsaved).toBe(false);
  });

  test("is not written by itself once the run has stopped", async () => {
    await saver.add(pack(1), signal);
    saver.stop();
    await clock.advance(2 * minute);
    expect(saved).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
