import { describe, expect, test } from "vitest";
import { bytesOf } from "../../../../src/core/backend/file-content.ts";
import { concatBytes, equalBytes } from "../../../../src/core/base/bytes.ts";
import type { PackSpool } from "../../../../src/core/base/ports.ts";
import { type PackRoom, PackRooms } from "../../../../src/core/repository/pack-room.ts";
import { MemoryPackSpool } from "../../../support/memory-pack-spool.ts";
import { noise } from "../../../support/noise.ts";

const target = 4 * 1024 * 1024;
const blobs = [1, 2, 3, 4, 5].map((seed) => noise(seed, 300_000 * seed));
const whole = concatBytes(blobs);

function filled(rooms: PackRooms): PackRoom {
  const room = rooms.take();
  for (const blob of blobs) room.append(blob);
  return room;
}

describe.each<[string, () => PackSpool | null]>([
  ["in memory", () => null],
  ["on the disk", () => new MemoryPackSpool()],
  ["where the disk has no room", () => new MemoryPackSpool({ files: 0 })],
  ["where the disk is full at once", () => new MemoryPackSpool({ fullAt: 0 })],
  ["where the disk is full half-way", () => new MemoryPackSpool({ fullAt: whole.length / 2 })],
])("a pack %s", (_, spool) => {
  test("holds what was appended, to be sent and to be read back", async () => {
    const room = filled(new PackRooms(spool(), target));
    expect(room.length).toBe(whole.length);
    expect(equalBytes(concatBytes([...room.pieces()].map((piece) => piece.slice())), whole)).toBe(true);
    expect(equalBytes(await bytesOf(await room.content()), whole)).toBe(true);
  });

  test("leaves nothing in the room of the next one", async () => {
    const rooms = new PackRooms(spool(), target);
    filled(rooms).release();
    const next = rooms.take();
    next.append(blobs[0] ?? whole);
    expect(equalBytes(await bytesOf(await next.content()), blobs[0] ?? whole)).toBe(true);
  });

  test("of no bytes is empty", async () => {
    expect(await bytesOf(await new PackRooms(spool(), target).take().content())).toEqual(new Uint8Array(0));
  });
});

test("a pack that outgrows the disk gives its room there back", () => {
  const spool = new MemoryPackSpool({ fullAt: whole.length / 2 });
  const room = filled(new PackRooms(spool, target));
  expect(spool.taken).toBe(0);
  room.release();
  expect(spool.taken).toBe(0);
});

test("memory of a pack is used again for the next one", async () => {
  const rooms = new PackRooms(null, 1024 * 1024);
  const first = filled(rooms);
  const { buffer } = await bytesOf(await first.content());
  first.release();
  const again = await bytesOf(await filled(rooms).content());
  expect(again.buffer === buffer).toBe(true);
});
