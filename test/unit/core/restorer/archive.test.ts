import { describe, expect, test } from "vitest";
import { type Bytes, concatBytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import type { RawName } from "../../../../src/core/base/raw-name.ts";
import { Archive, type ArchiveFormat } from "../../../../src/core/restorer/archive.ts";
import { type FakeEntry, FakeSnapshot, fakeFile } from "../../../support/fake-snapshot.ts";
import { noise } from "../../../support/noise.ts";

const formats = ["zip", "tar"] as const;

async function archiveOf(snapshot: FakeSnapshot, format: ArchiveFormat, signal = new AbortController().signal) {
  const archive = new Archive(snapshot, { snapshot: snapshot.snapshot, paths: [[]], format });
  const { plan, length } = await archive.prepare(signal);
  const read = async () => {
    const pieces: Bytes[] = [];
    for await (const piece of archive.pieces(signal)) pieces.push(piece.slice());
    return concatBytes(pieces);
  };
  return { archive, plan, length, read };
}

/** Large files, small ones, empty ones, and the same chunk again and again. */
function sampleEntries(): FakeEntry[] {
  const repeated = noise(9, 3_000_000);
  return [
    fakeFile("empty", new Uint8Array()),
    { name: "folder", entries: [fakeFile("a", utf8("a")), { name: "nothing in it", entries: [] }] },
    { name: "large", chunks: [noise(1, 6_000_000), repeated, repeated, noise(2, 1), repeated] },
    ...Array.from({ length: 300 }, (_, i) => fakeFile(`small ${String(i).padStart(3, "0")}`, noise(i + 10, i * 7))),
    { name: "ünïcode", chunks: [repeated] },
    fakeFile("x".repeat(250), utf8("long name")),
  ];
}

describe.each(formats)("a %s", (format) => {
  test("is exactly as long as was said before its first byte, and holds every content", async () => {
    const snapshot = await FakeSnapshot.of(sampleEntries());
    const { archive, plan, length, read } = await archiveOf(snapshot, format);
    const bytes = Buffer.from(await read());
    expect(bytes.length).toBe(length);
    expect(plan.failures).toEqual([]);
    expect(plan.files).toHaveLength(305);
    expect(archive.counts).toEqual({ filesDone: 305, bytesDone: plan.totalBytes });
    for (const content of [noise(1, 6_000_000), noise(9, 3_000_000), noise(12, 14), noise(309, 299 * 7)]) {
      expect(bytes.includes(Buffer.from(content)), `${content.length} bytes`).toBe(true);
    }
  });

  test("of nothing is a whole archive all the same", async () => {
    const { length, read } = await archiveOf(await FakeSnapshot.of([]), format);
    expect((await read()).length).toBe(length);
  });

  test("leaves a file out whose chunk no index names, and says so before", async () => {
    const snapshot = await FakeSnapshot.of(sampleEntries());
    const lost = await hashId(noise(1, 6_000_000));
    snapshot.missing.add(lost);
    const { plan, length, read } = await archiveOf(snapshot, format);
    expect(plan.failures).toMatchObject([
      { path: ["large"], error: { code: "blob-missing", context: { blob: lost } } },
    ]);
    expect(plan.files.map(({ path }) => path[0])).not.toContain("large");
    expect((await read()).length).toBe(length);
  });

  test("fails as a whole when a chunk cannot be had on the way", async () => {
    const snapshot = await FakeSnapshot.of(sampleEntries());
    const broken = await hashId(noise(200, 190 * 7));
    snapshot.broken.add(broken);
    const { length, read } = await archiveOf(snapshot, format);
    expect(length).toBeGreaterThan(0);
    await expect(read()).rejects.toMatchObject({ code: "mac-mismatch", context: { blob: broken } });
  });

  test("ends with the reason of an abort, and loads no more", async () => {
    const entries = Array.from({ length: 20 }, (_, i) => fakeFile(`file ${i}`, noise(i + 1, 5_000_000)));
    const snapshot = await FakeSnapshot.of(entries);
    const controller = new AbortController();
    const { archive } = await archiveOf(snapshot, format, controller.signal);
    const reason = new DOMException("enough", "AbortError");
    const pieces = archive.pieces(controller.signal);
    await pieces.next();
    await pieces.next();
    controller.abort(reason);
    const rest = async () => {
      for await (const _ of pieces);
    };
    await expect(rest()).rejects.toBe(reason);
    expect(snapshot.loads.length).toBeLessThanOrEqual(4);
  });

  test("that nobody reads on stops loading", async () => {
    const entries = Array.from({ length: 20 }, (_, i) => fakeFile(`file ${i}`, noise(i + 1, 5_000_000)));
    const snapshot = await FakeSnapshot.of(entries);
    const { archive } = await archiveOf(snapshot, format);
    for await (const _ of archive.pieces(new AbortController().signal)) break;
    expect(snapshot.loads.length).toBeLessThanOrEqual(4);
  });

  test("writes a file of another size than stated as long as its chunks, and names it", async () => {
    const snapshot = await FakeSnapshot.of([fakeFile("liar", utf8("four"), { size: 1_000_000n })]);
    const { plan, length, read } = await archiveOf(snapshot, format);
    expect(plan.failures).toMatchObject([{ path: ["liar"], error: { code: "file-size-mismatch" } }]);
    expect((await read()).length).toBe(length);
    expect(plan.totalBytes).toBe(4);
  });

  test("refuses names that lead elsewhere with a line each, and everything below them", async () => {
    const hostile = ["..", ".", "", "a/b", "/etc", "nul\0byte"];
    const snapshot = await FakeSnapshot.of([
      ...hostile.map((name) => fakeFile(name, utf8("hostile"))),
      { name: "..", entries: [fakeFile("below", utf8("hostile"))] },
      fakeFile("good", utf8("good")),
    ]);
    const { plan, length, read } = await archiveOf(snapshot, format);
    expect(plan.failures).toHaveLength(7);
    for (const { error } of plan.failures) expect(error).toMatchObject({ code: "tree-name-refused" });
    const bytes = Buffer.from(await read());
    expect(bytes.length).toBe(length);
    expect(bytes.includes("hostile")).toBe(false);
  });

  test("of a hostile name that was picked itself refuses it too", async () => {
    const snapshot = await FakeSnapshot.of([{ name: "..", entries: [fakeFile("below", utf8("hostile"))] }]);
    const archive = new Archive(snapshot, { snapshot: snapshot.snapshot, paths: [[0]], format });
    const { plan } = await archive.prepare(new AbortController().signal);
    expect(plan.entries).toEqual([]);
    expect(plan.failures).toMatchObject([{ error: { code: "tree-name-refused" } }]);
  });
});

test("small files are loaded together, over the borders of files", async () => {
  const entries = Array.from({ length: 5000 }, (_, i) => fakeFile(`file ${i}`, utf8(`content ${i}`)));
  const snapshot = await FakeSnapshot.of(entries);
  await (await archiveOf(snapshot, "zip")).read();
  expect(snapshot.loads).toHaveLength(1);
});

test("a ZIP leaves links and devices out, a tar takes them, and both leave sockets out", async () => {
  const entries: FakeEntry[] = [
    { name: "link", type: "symlink", linkTarget: "target" as RawName },
    { name: "pipe", type: "fifo" },
    { name: "socket", type: "socket" },
  ];
  const snapshot = await FakeSnapshot.of(entries);
  const zip = (await archiveOf(snapshot, "zip")).plan;
  expect(zip.skipped.map(({ type }) => type)).toEqual(["symlink", "fifo", "socket"]);
  const tar = (await archiveOf(snapshot, "tar")).plan;
  expect(tar.skipped.map(({ type }) => type)).toEqual(["socket"]);
  expect(tar.entries.map(({ facts }) => facts.type)).toEqual(["symlink", "fifo"]);
});

test("a tar refuses links that lead nowhere and devices that it has no room for", async () => {
  const snapshot = await FakeSnapshot.of([
    { name: "empty link", type: "symlink" },
    { name: "nul", type: "symlink", linkTarget: "a\0b" as RawName },
    { name: "dev", type: "chardev", device: 2n ** 63n },
  ]);
  const { plan } = await archiveOf(snapshot, "tar");
  expect(plan.entries).toEqual([]);
  expect(plan.failures.map(({ error }) => (error as { context: unknown }).context)).toEqual([
    { reason: "link target" },
    { reason: "link target" },
    { reason: "device numbers" },
  ]);
});

test("a path that a ZIP has no room for is a line", async () => {
  let entry: FakeEntry = fakeFile("leaf", utf8("x"));
  for (let depth = 0; depth < 400; depth++) entry = { name: "d".repeat(200), entries: [entry] };
  const { plan, length, read } = await archiveOf(await FakeSnapshot.of([entry]), "zip");
  expect(plan.failures[0]?.error).toMatchObject({ code: "path-too-long" });
  expect((await read()).length).toBe(length);
});
