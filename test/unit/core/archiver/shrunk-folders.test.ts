import { expect, test } from "vitest";
import type { Archiver } from "../../../../src/core/archiver/archiver.ts";
import { type Question, Steering } from "../../../../src/core/archiver/steering.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import { archiverOf, backUp, createTestRepository, type TestRepository } from "../../../support/memory-repository.ts";

const signal = new AbortController().signal;

function filesOf(count: number, prefix = "file"): MemoryTree {
  const names = Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
  return Object.fromEntries(names.map((name) => [name, { bytes: utf8(name), modifiedMs: 1 }]));
}

/** Runs a backup, answering what it asks; returns what was asked. */
async function answering(archiver: Archiver, steering: Steering, answer: "believe" | "stop") {
  const asked: Question[] = [];
  let isOver = false;
  const run = archiver.run(signal).finally(() => {
    isOver = true;
  });
  run.catch(() => {});
  while (!isOver) {
    const { question } = steering;
    if (question !== null && question.id !== asked.at(-1)?.id) {
      asked.push(question);
      steering.answer(question.id, answer);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { asked, run };
}

async function after(before: MemoryTree, now: MemoryTree, answer: "believe" | "stop") {
  const made = await createTestRepository();
  await backUp(made.repository, new MemoryFolder(before));
  const steering = new Steering();
  const archiver = archiverOf(made.repository, new MemoryFolder(now), { steering });
  return { ...(await answering(archiver, steering, answer)), archiver, made };
}

async function snapshotsOf({ backend }: TestRepository): Promise<number> {
  return (await backend.list("snapshot", signal)).length;
}

test("a folder with fewer than half of its 16 entries is asked about, and believed if the user says so", async () => {
  const { asked, run, made } = await after({ sub: filesOf(16) }, { sub: filesOf(7) }, "believe");
  expect(asked).toMatchObject([{ kind: "shrunk", path: ["Documents", "sub"], before: 16, now: 7 }]);
  await run;
  expect(await snapshotsOf(made)).toBe(2);
});

test("a run that is stopped by the answer ends with where, and writes no snapshot", async () => {
  const { run, made } = await after({ sub: filesOf(40) }, { sub: filesOf(3) }, "stop");
  await expect(run).rejects.toMatchObject({
    code: "source-shrunk",
    context: { path: "/Documents/sub", before: 40, now: 3 },
  });
  expect(await snapshotsOf(made)).toBe(1);
  expect(await made.backend.list("lock", signal)).toEqual([]);
});

test("half of the entries, or a few of a small folder, are nobody's question", async () => {
  const before = { half: filesOf(16), small: filesOf(15) };
  const { asked, run } = await after(before, { half: filesOf(8), small: {} }, "stop");
  await run;
  expect(asked).toEqual([]);
});

test("a source that is empty now is asked about, however little it held", async () => {
  const { asked, run } = await after(filesOf(1), {}, "stop");
  expect(asked).toMatchObject([{ path: ["Documents"], before: 1, now: 0 }]);
  await expect(run).rejects.toMatchObject({ code: "source-shrunk" });
});

test("a source that was empty before is nobody's question", async () => {
  const { asked, run } = await after({}, {}, "stop");
  await run;
  expect(asked).toEqual([]);
});

test("who believes a folder believes all that is below it, but not what is beside it", async () => {
  const inner = (count: number) => ({ ...filesOf(count), a: filesOf(count), b: { c: filesOf(count) } });
  const before = { disk: inner(30), other: filesOf(30) };
  const now = { disk: inner(2), other: filesOf(2) };
  const { asked, run } = await after(before, now, "believe");
  await run;
  expect(asked.map(({ path }) => path.join("/"))).toEqual(["Documents/disk", "Documents/other"]);
});

test("what the rules leave out has not gone", async () => {
  const { repository } = await createTestRepository();
  await backUp(repository, new MemoryFolder(filesOf(40)));
  const rules = {
    exclude: ["file *"],
    iexclude: [],
    excludeCaches: false,
    excludeIfPresent: [],
    excludeLargerThanBytes: null,
  };
  const { counts } = await backUp(repository, new MemoryFolder(filesOf(40)), { rules });
  expect(counts.excluded).toBe(40);
});

test("where nobody can be asked, the run stops", async () => {
  const { repository } = await createTestRepository();
  await backUp(repository, new MemoryFolder(filesOf(20)));
  await expect(backUp(repository, new MemoryFolder(filesOf(2)))).rejects.toMatchObject({ code: "source-shrunk" });
});

test("a pick is a few files by nature, and is not asked about", async () => {
  const { repository } = await createTestRepository();
  const { snapshot } = await backUp(repository, new MemoryFolder(filesOf(40)));
  const folder = new MemoryFolder({});
  const [source] = archiverSources(folder);
  const again = await backUp(repository, folder, { sources: [source] });
  expect(again.snapshot.tree).toBe(snapshot.tree);
});

function archiverSources(folder: MemoryFolder) {
  return [{ rootName: rawNameOf("Documents"), folder, addsToParent: true }] as const;
}
