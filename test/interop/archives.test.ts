import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concatBytes, utf8 } from "../../src/core/base/bytes.ts";
import { isPlainName, type RawName, rawNameOf, rawNameOfBytes } from "../../src/core/base/raw-name.ts";
import type { ArchiveContent } from "../../src/core/restorer/archive-content.ts";
import type { NodeFacts, PlannedEntry } from "../../src/core/restorer/restore-plan.ts";
import { tarLength, writeTar } from "../../src/core/restorer/tar.ts";
import { writeZip, zipLength } from "../../src/core/restorer/zip.ts";
import { sha256Hex, writeArchive } from "../support/archive-files.ts";
import { type FakeEntry, FakeSnapshot, fakeFile } from "../support/fake-snapshot.ts";
import { noise } from "../support/noise.ts";
import { requirePeer } from "../support/peers.ts";
import { oddNames } from "../support/source-tree.ts";
import { treeState } from "../support/tree-state.ts";

/** Archives as the programs read them that people have. */
const python = requirePeer("python");
const unzip = requirePeer("unzip");
const tar = requirePeer("tar");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdall-archives-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const seed = Number(process.env["FC_SEED"] ?? Date.now() % 2 ** 31);
const samples = { numRuns: 12, seed };

interface ZipListing {
  damaged: string | null;
  entries: { name: string; sha256: string; mode: number; isFolder: boolean; seconds: number | null; flags: number }[];
}

const zipScript = `
import hashlib, json, struct, sys, zipfile
def seconds(extra):
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 0x5455: return struct.unpack("<i", extra[5:9])[0]
        extra = extra[4 + length:]
with zipfile.ZipFile(sys.argv[1]) as z:
    print(json.dumps({"damaged": z.testzip(), "entries": [{
        "name": i.filename, "sha256": hashlib.sha256(z.read(i)).hexdigest(), "mode": i.external_attr >> 16,
        "isFolder": i.is_dir(), "seconds": seconds(i.extra), "flags": i.flag_bits} for i in z.infolist()]}))
`;

function listZip(path: string): ZipListing {
  const output = execFileSync(python?.path ?? "", ["-c", zipScript, path], { maxBuffer: 2 ** 28, encoding: "utf8" });
  return JSON.parse(output) as ZipListing;
}

/** Names that mean something to some system, beside any bytes. */
const hostileNames: readonly string[] = [
  ...oddNames.map((name) => (typeof name === "string" ? rawNameOf(name) : rawNameOfBytes(new Uint8Array(name)))),
  ...["..", ".", "a/b", "/abs", "..\\..\\x", "C:\\x", "CON", "con.txt", "aux", "LPT1", "desktop.ini", "x.lnk", "~"],
  ...["Twin", "twin", "TWIN", "tWin (2)", "\u202egnp.exe", "a\u0301", "\u00e1", "ß", "SS", "x".repeat(4096)].map(
    rawNameOf,
  ),
];
const nameArbitrary = fc.oneof(
  fc.constantFrom(...hostileNames),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).map(rawNameOf),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => rawNameOfBytes(new Uint8Array(bytes))),
);
const timeArbitrary = fc
  .date({ min: new Date("1902-01-01"), max: new Date("2200-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());

const chunksArbitrary = fc
  .array(fc.record({ seed: fc.integer({ min: 1, max: 9 }), length: fc.integer({ min: 1, max: 200_000 }) }), {
    maxLength: 3,
  })
  .map((chunks) => chunks.map((chunk) => noise(chunk.seed, chunk.length)));

const entryArbitrary: fc.Memo<FakeEntry> = fc.memo((depth) => {
  const file = fc.record({
    name: nameArbitrary,
    chunks: chunksArbitrary,
    mode: fc.integer({ min: 0, max: 0o777 }),
    mtime: timeArbitrary,
  });
  if (depth <= 1) return file;
  const entries = fc.array(entryArbitrary(depth - 1), { maxLength: 8 });
  const inner = fc.record({ name: nameArbitrary, entries, mtime: timeArbitrary });
  return fc.oneof({ weight: 2, arbitrary: file }, inner);
});
const treeArbitrary = fc.array(entryArbitrary(3), { maxLength: 15 });

/** What an archive should hold, in order: folders as null, files as the hash of their content. */
function contentsOf(entries: readonly FakeEntry[]): { entry: FakeEntry; sha256: string | null }[] {
  return entries
    .filter(({ name }) => isPlainName(name as RawName))
    .flatMap((entry) =>
      entry.entries
        ? [{ entry, sha256: null }, ...contentsOf(entry.entries)]
        : [{ entry, sha256: sha256Hex(concatBytes(entry.chunks ?? [])) }],
    );
}

describe.skipIf(python === null || unzip === null)("a ZIP", () => {
  const zipPath = () => join(folder, "archive.zip");

  test("of any tree is what Python and unzip find whole, under names that are safe and its own", async () => {
    await fc.assert(
      fc.asyncProperty(treeArbitrary, async (entries) => {
        const snapshot = await FakeSnapshot.of(entries);
        const written = await writeArchive(snapshot, { snapshot: snapshot.snapshot, format: "zip", path: zipPath() });
        expect(written.length).toBe(written.plannedLength);
        const expected = contentsOf(entries);
        const { damaged, entries: found } = listZip(zipPath());
        expect(damaged).toBeNull();
        expect(found.map(({ sha256, isFolder }) => (isFolder ? null : sha256))).toEqual(
          expected.map(({ sha256 }) => sha256),
        );
        for (const [i, { entry }] of expected.entries()) {
          expect(found[i]?.seconds ?? null).toBe(timestampOf(entry.mtime));
          if (!entry.entries) expect(found[i]?.mode).toBe(0o100000 | (entry.mode ?? 0));
          expect(found[i]?.flags).toBe(0x800);
        }
        const names = found.map(({ name }) => name);
        expect(new Set(names.map((name) => name.normalize("NFC").toLowerCase())).size).toBe(names.length);
        for (const name of names) expectSafe(name);
        // unzip calls an archive without entries a warning.
        if (found.length > 0) expectSuccess(unzip?.path ?? "", ["-tqq", zipPath()]);
      }),
      samples,
    );
  });

  test("has a descriptor behind large files alone, and both kinds are whole", async () => {
    const entries = [
      { name: "large", chunks: [noise(1, 3_000_000), noise(2, 3_000_000)] },
      fakeFile("small", utf8("x")),
    ];
    const snapshot = await FakeSnapshot.of(entries);
    await writeArchive(snapshot, { snapshot: snapshot.snapshot, format: "zip", path: zipPath() });
    const { damaged, entries: found } = listZip(zipPath());
    expect(damaged).toBeNull();
    expect(found.map(({ flags }) => flags)).toEqual([0x808, 0x800]);
    expectSuccess(unzip?.path ?? "", ["-tqq", zipPath()]);
  });

  test("of 70,000 entries is read whole", async () => {
    const entries = Array.from({ length: 70_000 }, (_, i) => plannedFile(`file ${i}`, i % 100));
    const length = await writeSparse(zipPath(), writeZip(entries, zerosOf));
    expect(length).toBe(zipLength(entries));
    const { damaged, entries: found } = listZip(zipPath());
    expect(damaged).toBeNull();
    expect(found).toHaveLength(70_000);
    expect(found.at(-1)).toMatchObject({ name: "file 69999", sha256: sha256Hex(new Uint8Array(99)) });
    expectSuccess(unzip?.path ?? "", ["-tqq", zipPath()]);
  });

  test("of files beyond 4 GiB, and of what lies behind them, is read whole", async () => {
    const entries = [plannedFile("first", 5), plannedFile("huge", largeLength), plannedFile("last", 7)];
    const length = await writeSparse(zipPath(), writeZip(entries, zerosOf));
    expect(length).toBe(zipLength(entries));
    // Reading all of it takes a minute, so the large one is only begun; its descriptor is that of other large files.
    const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    print(json.dumps([[i.filename, i.file_size, z.open(i).read(5).hex()] for i in z.infolist()]))`;
    const listed = execFileSync(python?.path ?? "", ["-c", script, zipPath()], { encoding: "utf8" });
    expect(JSON.parse(listed)).toEqual([
      ["first", 5, "0000000000"],
      ["huge", largeLength, "0000000000"],
      ["last", 7, "0000000000"],
    ]);
    expectSuccess(unzip?.path ?? "", ["-tqq", zipPath(), "first", "last"]);
  });
});

describe.skipIf(python === null || tar === null)("a tar", () => {
  const tarPath = () => join(folder, "archive.tar");
  let targets = 0;

  function extract(): string {
    const target = join(folder, `target ${targets++}`);
    mkdirSync(target);
    const options = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", tarPath(), "-C", target];
    expectSuccess(tar?.path ?? "", options);
    return target;
  }

  test("of any tree comes back with bytes, modes, times and owners", async () => {
    const isRoot = process.getuid?.() === 0;
    await fc.assert(
      fc.asyncProperty(diskTreeArbitrary, async (entries) => {
        const snapshot = await FakeSnapshot.of(entries);
        const written = await writeArchive(snapshot, { snapshot: snapshot.snapshot, format: "tar", path: tarPath() });
        expect(written.length).toBe(written.plannedLength);
        expect(written.plan.failures).toEqual([]);
        const found = treeState(python as NonNullable<typeof python>, extract());
        const expected = new Map(statesOf(entries, ""));
        const strip = (state: string) => (isRoot ? state : state.replace(/owner \S+, /, ""));
        expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [path, state] of expected) expect(strip(found.get(path) ?? ""), path).toBe(strip(state));
      }),
      samples,
    );
  });

  test("keeps links, hard links, pipes, attributes, odd owners and times before 1970", async () => {
    const linked = { inode: 77n, deviceId: 5n, links: 2n };
    const content = noise(3, 100_000);
    const entries: FakeEntry[] = [
      { name: "link", type: "symlink", mode: 2 ** 27 + 0o777, linkTarget: "../anywhere/é".repeat(20) as RawName },
      { name: "hard 1", chunks: [content], ...linked },
      { name: "hard 2", chunks: [content], ...linked },
      { name: "same inode, other content", chunks: [noise(4, 10)], ...linked },
      { name: "pipe", type: "fifo", mode: 2 ** 25 + 0o640 },
      fakeFile("setuid", utf8("x"), { mode: 2 ** 23 + 0o755, mtime: "1969-12-31T23:59:58.25Z" }),
      fakeFile("owner", utf8("x"), { uid: 3_000_000, gid: 2_500_000, user: "ünal", group: "g".repeat(40) }),
      fakeFile("xattr", utf8("x"), {
        extendedAttributes: [
          { name: "user.a=b%", value: utf8("value\nwith\0bytes") },
          { name: "user.empty", value: new Uint8Array() },
        ],
      }),
    ];
    const snapshot = await FakeSnapshot.of(entries);
    const written = await writeArchive(snapshot, { snapshot: snapshot.snapshot, format: "tar", path: tarPath() });
    expect(written.length).toBe(written.plannedLength);
    const found = treeState(python as NonNullable<typeof python>, extract());
    const hash = sha256Hex(content);
    expect(found.get("link")).toContain(`to ${"../anywhere/é".repeat(20)}`);
    expect(found.get("hard 1")).toContain(`${hash}, linked to hard 1`);
    expect(found.get("hard 2")).toContain(`${hash}, linked to hard 1`);
    expect(found.get("same inode, other content")).toContain("one link");
    expect(found.get("pipe")).toContain("mode 10640");
    expect(found.get("setuid")).toContain("mode 104755");
    expect(found.get("setuid")).toContain("mtime -1750000000");
    expect(found.get("xattr")).toContain(`xattr user.a=b%=${Buffer.from("value\nwith\0bytes").toString("hex")}`);
    expect(found.get("xattr")).toContain("xattr user.empty=");
    if (process.getuid?.() === 0) expect(found.get("owner")).toContain("owner 3000000:2500000");
    expect(execFileSync(tar?.path ?? "", ["-tvf", tarPath(), "owner"], { encoding: "utf8" })).toContain(
      `${"g".repeat(40)} `,
    );
  });

  test("is what Python reads too, names that are no text included", async () => {
    const names = ["é".repeat(80), "\xff\xfe", `${"\xff".repeat(30)}/${"\xfe".repeat(90)}`];
    const entries: FakeEntry[] = names.map((name) => {
      const [first = "", second] = name.split("/");
      return second
        ? { name: first as RawName, entries: [fakeFile(second as RawName, utf8(name))] }
        : fakeFile(first as RawName, utf8(name));
    });
    const snapshot = await FakeSnapshot.of(entries);
    await writeArchive(snapshot, { snapshot: snapshot.snapshot, format: "tar", path: tarPath() });
    const script = `
import json, sys, tarfile
with tarfile.open(sys.argv[1]) as t: print(json.dumps([m.name.encode("utf-8", "surrogateescape").decode("latin-1") for m in t]))`;
    const found = JSON.parse(
      execFileSync(python?.path ?? "", ["-c", script, tarPath()], { encoding: "utf8" }),
    ) as string[];
    expect(found).toEqual(expect.arrayContaining(names));
  });

  test("of a file beyond 8 GiB, and of what lies behind it, is listed whole", async () => {
    const entries = [plannedFile("huge", 2 * largeLength), plannedFile("last", 7)];
    const length = await writeSparse(tarPath(), writeTar(entries, zerosOf));
    expect(length).toBe(tarLength(entries));
    const listed = execFileSync(tar?.path ?? "", ["-tvf", tarPath()], { encoding: "utf8" });
    expect(listed.split("\n").map((line) => [line.split(/\s+/)[2], line.split(" ").at(-1)])).toEqual([
      [String(2 * largeLength), "huge"],
      ["7", "last"],
      [undefined, ""],
    ]);
  });
});

const largeLength = 4.5 * 2 ** 30 + 3;
const zeros = new Uint8Array(8 * 2 ** 20);

/** A content that is counted, not stored. */
const zerosOf: ArchiveContent = {
  async *of(entry) {
    if (entry.kind !== "file") return;
    for (let left = entry.size; left > 0; left -= zeros.length) {
      yield left >= zeros.length ? zeros : new Uint8Array(left);
    }
  },
};

function plannedFile(name: string, size: number): PlannedEntry {
  const facts = {
    ...{ type: "file", mode: 0o644, mtime: "2024-02-29T12:34:56Z", uid: 0, gid: 0, user: "", group: "" },
    ...{ inode: 0n, deviceId: 0n, links: 1n, linkTarget: "", extendedAttributes: [], device: 0n },
  } as unknown as NodeFacts;
  return { kind: "file", path: [rawNameOf(name)], target: [name], facts, content: [], lengths: [], size };
}

/** Writes a file in which the zeros are holes; returns its length. */
async function writeSparse(path: string, parts: AsyncIterable<Bytes>): Promise<number> {
  await rm(path, { force: true });
  const file = openSync(path, "w");
  let length = 0;
  for await (const part of parts) {
    if (part !== zeros) writeSync(file, part, 0, part.length, length);
    length += part.length;
  }
  ftruncateSync(file, length);
  closeSync(file);
  expect(statSync(path).size).toBe(length);
  return length;
}

/** Seconds as the extended timestamp has them; null where it is left out. */
function timestampOf(mtime: string | undefined): number | null {
  const seconds = Math.floor(Date.parse(mtime ?? "2024-02-29T12:34:56Z") / 1000);
  return seconds >= -(2 ** 31) && seconds < 2 ** 31 ? seconds : null;
}

function expectSafe(name: string): void {
  const parts = name.replace(/\/$/, "").split("/");
  for (const part of parts) {
    expect(part).not.toMatch(/^\.{0,2}$|[\\:*?"<>|\p{Cc}\p{Cf}]|[. ]$/u);
    expect(part).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
  }
}

function expectSuccess(program: string, args: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 26 });
  expect(status, `${program} ${args.join(" ")}\n${stdout}\n${stderr}`).toBe(0);
}

// Trees that a disk takes: names are unique and at most 255 bytes long.

const diskName = fc
  .oneof(
    fc.constantFrom(...hostileNames.filter((name) => isPlainName(name as RawName) && name.length <= 255)),
    fc.uint8Array({ minLength: 1, maxLength: 150 }).map((bytes) => rawNameOfBytes(new Uint8Array(bytes))),
  )
  .map((name) => name as RawName)
  .filter(isPlainName);
/** Linux leaves out the fraction of the first and the last second that a file system takes; ext4's first is -2^31. */
const exactTime = fc
  .record({
    seconds: fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 33 }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map(({ seconds, nanoseconds }) => {
    const date = new Date(seconds * 1000).toISOString().slice(0, 19);
    return `${date}.${String(nanoseconds).padStart(9, "0")}Z`;
  });
const facts = {
  mtime: exactTime,
  uid: fc.integer({ min: 0, max: 2 ** 31 - 2 }),
  gid: fc.integer({ min: 0, max: 2 ** 31 - 2 }),
};
const diskEntry: fc.Memo<FakeEntry> = fc.memo((depth) => {
  const file = fc.record({
    name: diskName,
    chunks: chunksArbitrary,
    mode: fc.integer({ min: 0, max: 0o777 }),
    ...facts,
  });
  if (depth <= 1) return file;
  const entries = fc.uniqueArray(diskEntry(depth - 1), { maxLength: 8, selector: ({ name }) => name });
  const mode = fc.integer({ min: 0o700, max: 0o777 }).map((permissions) => 2 ** 31 + permissions);
  return fc.oneof({ weight: 2, arbitrary: file }, fc.record({ name: diskName, entries, mode, ...facts }));
});
const diskTreeArbitrary = fc.uniqueArray(diskEntry(3), { maxLength: 15, selector: ({ name }) => name });

function statesOf(entries: readonly FakeEntry[], above: string): [string, string][] {
  return entries.flatMap((entry): [string, string][] => {
    const path = above + entry.name;
    const type = entry.entries ? 0o040000 : 0o100000;
    const fields = [
      `mode ${(type | ((entry.mode ?? 0) & 0o777)).toString(8)}`,
      `owner ${entry.uid}:${entry.gid}`,
      `mtime ${nanosecondsOf(entry.mtime ?? "")}`,
      ...(entry.entries ? [] : [sha256Hex(concatBytes(entry.chunks ?? [])), "one link"]),
    ];
    return [[path, fields.join(", ")], ...statesOf(entry.entries ?? [], `${path}/`)];
  });
}

function nanosecondsOf(time: string): bigint {
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + BigInt(time.slice(20, 29));
}
