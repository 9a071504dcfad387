import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concatBytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import type { OverwriteMode } from "../../../../src/core/restorer/existing-files.ts";
import { portableNames } from "../../../../src/core/restorer/name-policy.ts";
import { Restorer } from "../../../../src/core/restorer/restorer.ts";
import { type FakeEntry, FakeSnapshot, fakeFile } from "../../../support/fake-snapshot.ts";
import { MemorySink } from "../../../support/memory-folder.ts";
import { noise } from "../../../support/noise.ts";

const signal = new AbortController().signal;

/** A large file of five chunks, one of them twice, and some others. */
const chunks = [noise(1, 70_000), noise(2, 50_000), noise(3, 60_000), noise(2, 50_000), noise(4, 10)];
const large = concatBytes(chunks);
const entries: FakeEntry[] = [
  fakeFile("empty", new Uint8Array()),
  { name: "folder", entries: [fakeFile("small", utf8("small"))] },
  { name: "large", chunks },
];

async function restorerOf(sink: MemorySink, overwrite: OverwriteMode, tree = entries) {
  const snapshot = await FakeSnapshot.of(tree);
  const options = { snapshot: snapshot.snapshot, paths: [[]], sink, names: portableNames, overwrite };
  return { snapshot, restorer: new Restorer(snapshot, options) };
}

async function restore(sink: MemorySink, overwrite: OverwriteMode, tree = entries) {
  const { snapshot, restorer } = await restorerOf(sink, overwrite, tree);
  await restorer.run(signal);
  return { snapshot, restorer, loaded: snapshot.loads.flat() };
}

function expectRestored(sink: MemorySink): void {
  expect([...sink.files.keys()].sort()).toEqual(["empty", "folder/small", "large"]);
  expect(sink.files.get("empty")).toEqual(new Uint8Array());
  expect(sink.files.get("folder/small")).toEqual(utf8("small"));
  expect(Buffer.from(sink.files.get("large") ?? []).equals(large)).toBe(true);
}

describe("where files are compared with the snapshot", () => {
  test("those that are right are not touched, and nothing is fetched", async () => {
    const sink = new MemorySink();
    await restore(sink, "always");
    const before = new Map(sink.files);
    const { restorer, loaded } = await restore(sink, "changed");
    expect(loaded).toEqual([]);
    expect(restorer.counts).toMatchObject({ filesDone: 3, filesUnchanged: 3, filesKept: 0, bytesWritten: 0 });
    expect(restorer.counts).toMatchObject({ bytesDone: large.length + 5, bytesRestored: large.length + 5 });
    for (const [path, bytes] of before) expect(sink.files.get(path), path).toBe(bytes);
  });

  test("only the chunks that differ are fetched and written", async () => {
    const sink = new MemorySink();
    const damaged = large.slice();
    damaged[70_000 + 50_000 + 5] = 0xff ^ (damaged[70_000 + 50_000 + 5] ?? 0);
    sink.files.set("large", damaged);
    const { restorer, loaded } = await restore(sink, "changed");
    expectRestored(sink);
    expect(new Set(loaded)).toEqual(new Set([await hashId(utf8("small")), await hashId(noise(3, 60_000))]));
    expect(restorer.counts).toMatchObject({ filesDone: 3, filesUnchanged: 0, bytesWritten: 60_005 });
  });

  test.each([
    ["longer", concatBytes([large, utf8("and more")]), 0],
    ["shorter", large.slice(0, 130_000), 3],
    ["empty, as an interrupted restore leaves it", new Uint8Array(), 5],
  ])("a file that is %s gets its length and what is missing", async (_, before, missing) => {
    const sink = new MemorySink();
    sink.files.set("large", before);
    sink.files.set("empty", utf8("not empty"));
    const { restorer } = await restore(sink, "changed");
    expectRestored(sink);
    const missingBytes = chunks.slice(5 - missing).reduce((sum, chunk) => sum + chunk.length, 0);
    expect(restorer.counts.bytesWritten).toBe(5 + missingBytes);
    expect(restorer.failures).toEqual([]);
  });

  test("a restore that was interrupted goes on where it was", async () => {
    const sink = new MemorySink();
    const first = await restorerOf(sink, "changed");
    first.snapshot.broken.add(await hashId(noise(4, 10)));
    await first.restorer.run(signal);
    expect(first.restorer.failures).toMatchObject([{ path: ["large"], error: { code: "mac-mismatch" } }]);
    const { restorer, loaded } = await restore(sink, "changed");
    expectRestored(sink);
    expect(loaded).not.toContain(await hashId(utf8("small")));
    expect(restorer.counts).toMatchObject({ filesDone: 3, filesUnchanged: 2 });
  });

  test("a file keeps its old content if a chunk cannot be had", async () => {
    const sink = new MemorySink();
    const old = noise(7, 200_000);
    sink.files.set("large", old);
    const { snapshot, restorer } = await restorerOf(sink, "changed");
    snapshot.broken.add(await hashId(noise(3, 60_000)));
    await restorer.run(signal);
    expect(restorer.failures).toMatchObject([{ path: ["large"], error: { code: "mac-mismatch" } }]);
    expect(sink.files.get("large")).toBe(old);
    expect(sink.aborted).toEqual(["large"]);
  });

  test("a file that changes between the look and the writing is left alone and told", async () => {
    const sink = new MemorySink();
    sink.files.set("large", noise(7, 10));
    const { snapshot, restorer } = await restorerOf(sink, "changed");
    const load = snapshot.blobs.loadEach;
    snapshot.blobs.loadEach = async (...args) => {
      sink.files.set("large", utf8("somebody else's"));
      await load(...args);
    };
    await restorer.run(signal);
    expect(restorer.failures).toMatchObject([{ path: ["large"], error: { code: "target-changed" } }]);
    expect(sink.files.get("large")).toEqual(utf8("somebody else's"));
  });

  test("a folder in a file's place is told, and the others are restored", async () => {
    const sink = new MemorySink();
    await sink.folder(["large"]);
    const { restorer } = await restore(sink, "changed");
    expect(restorer.failures).toMatchObject([{ path: ["large"], error: { code: "exists-already" } }]);
    expect(restorer.counts.filesDone).toBe(2);
  });

  test("whatever is there, it is as the snapshot has it in the end, and no right chunk was fetched", async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(pieces, pieces, fc.boolean()), { maxLength: 6 }), async (files) => {
        const contentOf = (seeds: number[]) => seeds.map((seed) => noise(seed, seed * 100));
        const tree = files.map(([wanted], i) => ({ name: `file ${i}`, chunks: contentOf(wanted) }));
        const sink = new MemorySink();
        let right = 0;
        for (const [i, [wanted, there, exists]] of files.entries()) {
          if (!exists) continue;
          sink.files.set(`file ${i}`, concatBytes(contentOf(there)));
          right += bytesInPlace(contentOf(wanted), concatBytes(contentOf(there)));
        }
        const { restorer } = await restore(sink, "changed", tree);
        expect(restorer.failures).toEqual([]);
        const total = files.flatMap(([wanted]) => contentOf(wanted)).reduce((sum, chunk) => sum + chunk.length, 0);
        for (const [i, [wanted]] of files.entries()) {
          expect(Buffer.from(sink.files.get(`file ${i}`) ?? [1]).equals(concatBytes(contentOf(wanted)))).toBe(true);
        }
        expect(restorer.counts.bytesWritten).toBe(total - right);
        expect(restorer.counts.bytesDone).toBe(total);
      }),
      { seed: Number(process.env["FC_SEED"] ?? Date.now() % 2 ** 31), numRuns: 100 },
    );
  });
});

test("where files are kept, they are counted, not fetched, and are no failures", async () => {
  const sink = new MemorySink();
  const mine = utf8("mine");
  sink.files.set("large", mine);
  const { restorer, loaded } = await restore(sink, "never");
  expect(restorer.failures).toEqual([]);
  expect(restorer.counts).toMatchObject({ filesDone: 2, filesKept: 1, bytesRestored: 5, bytesDone: large.length + 5 });
  expect(sink.files.get("large")).toBe(mine);
  expect(loaded).toEqual([await hashId(utf8("small"))]);
});

test("where files are replaced, all is fetched and written, whatever was there", async () => {
  const sink = new MemorySink();
  sink.files.set("large", large.slice());
  const { restorer } = await restore(sink, "always");
  expectRestored(sink);
  expect(restorer.counts).toMatchObject({ filesDone: 3, filesUnchanged: 0, bytesWritten: large.length + 5 });
});

test("a look ahead counts what a restore would meet, and writes nothing", async () => {
  const sink = new MemorySink();
  sink.files.set("large", utf8("1234"));
  await sink.folder(["empty"]);
  const { restorer, snapshot } = await restorerOf(sink, "changed");
  const plan = await restorer.lookAhead(signal);
  expect(restorer.existing).toEqual({ filesSeen: 2, existing: 1, existingBytes: 4 });
  expect(restorer.failures).toMatchObject([{ path: ["empty"], error: { code: "exists-already" } }]);
  expect([plan.files.length, plan.folders.length, plan.totalBytes]).toEqual([3, 1, large.length + 5]);
  expect(snapshot.loads).toEqual([]);
  expect([...sink.files.keys(), ...sink.folders]).toEqual(["large", "empty"]);
});

test("a look ahead ends with the reason of an abort", async () => {
  const sink = new MemorySink();
  const { restorer } = await restorerOf(sink, "changed");
  const reason = new DOMException("enough", "AbortError");
  await expect(restorer.lookAhead(AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("names that differ in case alone are kept apart where the target takes them for one", async () => {
  const twins = [fakeFile("Twin", utf8("1")), fakeFile("twin", utf8("2")), fakeFile("TWIN (2)", utf8("3"))];
  const blind = new MemorySink(new Set(), true);
  const { restorer } = await restore(blind, "always", twins);
  const contents = [...blind.files].map(([path, bytes]) => [path.toLowerCase(), Buffer.from(bytes).toString()]);
  expect(new Map(contents as [string, string][]).size).toBe(3);
  expect(restorer.plan?.renamed.map(({ path }) => path[0])).toEqual(["twin", "TWIN (2)"]);
  const exact = new MemorySink();
  await restore(exact, "always", twins);
  expect([...exact.files.keys()].sort()).toEqual(["TWIN (2)", "Twin", "twin"]);
});

/** Bytes of the chunks that are at their places in a file already. */
function bytesInPlace(wanted: readonly Bytes[], there: Bytes): number {
  let offset = 0;
  let right = 0;
  for (const chunk of wanted) {
    const part = there.subarray(offset, offset + chunk.length);
    if (Buffer.from(part).equals(chunk)) right += chunk.length;
    offset += chunk.length;
  }
  return right;
}
