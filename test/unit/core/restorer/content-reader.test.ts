import { expect, test } from "vitest";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import { type DataSource, readChunks } from "../../../../src/core/restorer/content-reader.ts";
import { noise } from "../../../support/noise.ts";

const { signal } = new AbortController();

/** Blobs that come as views of one buffer, as small ones do. */
async function sourceOf(lengths: readonly number[]): Promise<{ data: DataSource; ids: Id[]; plain: Map<Id, Bytes> }> {
  const plain = new Map<Id, Bytes>();
  for (const [i, length] of lengths.entries()) {
    const bytes = noise(i, length);
    plain.set(await hashId(bytes), bytes);
  }
  const data: DataSource = {
    lengthOf: (id) => plain.get(id)?.length ?? null,
    async loadEach(ids, deliver) {
      const wanted = [...ids].map((id) => ({ id, bytes: plain.get(id) as Bytes }));
      const joint = new Uint8Array(wanted.reduce((sum, { bytes }) => sum + bytes.length, 0));
      let offset = 0;
      for (const { id, bytes } of wanted) {
        joint.set(bytes, offset);
        await deliver(id, { plain: joint.subarray(offset, offset + bytes.length) });
        offset += bytes.length;
      }
    },
  };
  return { data, ids: [...plain.keys()], plain };
}

test("a chunk is there until the next window's first is asked for, and then it is gone", async () => {
  const { data, ids, plain } = await sourceOf([3_000_000, 900_000, 2_000_000]);
  const chunks = readChunks(data, ids, signal);
  const taken: Bytes[] = [];
  for (const id of ids) {
    const { value } = await chunks.next();
    expect(Buffer.from(value as Bytes).equals(plain.get(id) as Bytes)).toBe(true);
    taken.push(value as Bytes);
  }
  await chunks.next();
  expect(taken.map(({ length }) => length)).toEqual([0, 0, 0]);
});

test("a chunk that is asked for again comes again", async () => {
  const { data, ids, plain } = await sourceOf([70_000, 50_000]);
  const [first, second] = ids as [Id, Id];
  const order = [first, second, first, first, second];
  let at = 0;
  for await (const chunk of readChunks(data, order, signal)) {
    expect(Buffer.from(chunk).equals(plain.get(order[at++] as Id) as Bytes)).toBe(true);
    chunk.fill(0);
  }
  expect(at).toBe(5);
});
