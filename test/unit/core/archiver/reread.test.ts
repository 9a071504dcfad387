import fc from "fast-check";
import { expect, test } from "vitest";
import { isAlwaysRead } from "../../../../src/core/archiver/always-read.ts";
import { hashBelow, hashPath, isInTurn } from "../../../../src/core/archiver/reread-turn.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";

test.each([
  "x.hc",
  "Secret.HC",
  "disk.qcow2",
  "Windows 11.vdi",
  "archive.2019.pst",
  "places.sqlite",
  "a.db-wal",
  "ä.IMG",
])("%s is always read: its program may keep size and time", (name) => expect(isAlwaysRead(rawNameOf(name))).toBe(true));

test.each(["x.bin", "hc", "letter.hc.txt", "photo.raw", "linux.iso", "img", "trailing.", ""])(
  "%s is read when it seems changed",
  (name) => expect(isAlwaysRead(rawNameOf(name))).toBe(false),
);

test("in so many turns as there are, each file has its turn exactly once, from whatever turn on", () => {
  const path = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(path, fc.integer({ min: 1, max: 60 }), fc.nat(1_000_000), (names, of, first) => {
      const hash = hashPath(names.map(rawNameOf));
      const turns = Array.from({ length: of }, (_, i) => isInTurn(hash, { turn: first + i, of }));
      return turns.filter((isTurn) => isTurn).length === 1;
    }),
  );
});

test("a path has the same hash however it is put together, and borders of names count", () => {
  const names = ["Documents", "sub", "x.bin"].map(rawNameOf);
  expect(hashBelow(hashPath(names.slice(0, 2)), rawNameOf("x.bin"))).toBe(hashPath(names));
  expect(hashPath([rawNameOf("ab"), rawNameOf("c")])).not.toBe(hashPath([rawNameOf("a"), rawNameOf("bc")]));
});

test("a hash never changes: the turns of a series of runs depend on it", () => {
  // FNV-1a, 32 bits, of "/Documents/x.bin", by another program.
  expect(hashPath([rawNameOf("Documents"), rawNameOf("x.bin")])).toBe(1_421_960_016);
});

test("the files of a folder are spread evenly over the turns", () => {
  const folder = hashPath([rawNameOf("Photos")]);
  const turns = Array.from({ length: 30 }, () => 0);
  for (let i = 0; i < 30_000; i++) {
    const turn = hashBelow(folder, rawNameOf(`IMG_${String(i).padStart(5, "0")}.jpg`)) % 30;
    turns[turn] = (turns[turn] ?? 0) + 1;
  }
  expect(Math.min(...turns)).toBeGreaterThan(800);
  expect(Math.max(...turns)).toBeLessThan(1200);
});
