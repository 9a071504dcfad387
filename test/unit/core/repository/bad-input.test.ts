import { beforeAll, describe, expect, test } from "vitest";
import type { Backend, FileType } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { HoldallError, IntegrityError, WrongPasswordError } from "../../../../src/core/base/errors.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import { openRepository } from "../../../../src/core/repository/open-repository.ts";
import { portableNames } from "../../../../src/core/restorer/name-policy.ts";
import { openFile, Restorer } from "../../../../src/core/restorer/restorer.ts";
import { altered } from "../../../support/altered-backend.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { MemoryFolder, MemorySink } from "../../../support/memory-folder.ts";
import {
  backUp,
  createTestRepository,
  memoryJournal,
  openTestRepository,
  password,
} from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

const signal = new AbortController().signal;
let backend: Backend;
let snapshot: Id;

beforeAll(async () => {
  const made = await createTestRepository(new MemoryBackend());
  backend = made.backend;
  const modifiedMs = Date.UTC(2026, 0, 1);
  const tree = { "a.txt": { bytes: utf8("a"), modifiedMs }, "b.bin": { bytes: noise(2, 900_000), modifiedMs } };
  snapshot = (await backUp(made.repository, new MemoryFolder(tree))).id;
});

/** The same backend, where a bit is flipped in everything that is loaded of one type. */
function flipping(type: FileType, position: (length: number) => number): Backend {
  return altered(backend, {
    async load(handle, loadSignal, range) {
      const bytes = await backend.load(handle, loadSignal, range);
      return handle.type === type ? flipped(bytes, position(bytes.length)) : bytes;
    },
  });
}

function flipped(bytes: Bytes, position: number): Bytes {
  const copy = bytes.slice();
  copy[position] = (copy[position] ?? 0) ^ 0x40;
  return copy;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
}

const positions = {
  first: () => 0,
  middle: (length: number) => Math.floor(length / 2),
  last: (length: number) => length - 1,
};

describe.each(Object.entries(positions))("with the %s byte altered", (_, position) => {
  test("a key is not believed", async () => {
    const error = await failureOf(openTestRepository(flipping("key", position)));
    expect(error).toBeInstanceOf(HoldallError);
    expect(["wrong-password", "file-hash-mismatch"]).toContain((error as HoldallError).code);
  });

  test("a config is refused as damaged", async () => {
    const error = await failureOf(openTestRepository(flipping("config", position)));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error).toMatchObject({ code: "config-damaged" });
  });

  test("an index is refused, naming the file", async () => {
    const [index] = await backend.list("index", signal);
    const repository = await openTestRepository(flipping("index", position));
    const error = await failureOf(repository.indexed(signal));
    expect(error).toMatchObject({ code: "file-hash-mismatch", context: { type: "index", id: index?.id } });
  });

  test("a snapshot is listed as unreadable, naming the file", async () => {
    const repository = await openTestRepository(flipping("snapshot", position));
    const { snapshots, unreadable } = await repository.listSnapshots(signal);
    expect(snapshots).toEqual([]);
    expect(unreadable).toMatchObject([
      { id: snapshot, error: { code: "file-hash-mismatch", context: { id: snapshot } } },
    ]);
  });

  test("a blob is not restored: its error names it and nothing is left at the target", async () => {
    const intact = await openTestRepository(backend);
    const { tree } = await intact.loadSnapshot(snapshot, signal);
    const subtree = (await intact.trees.load(tree, signal)).nodes[0]?.subtree;
    const repository = await openTestRepository(flipping("data", position));
    const sink = new MemorySink();
    const restorer = new Restorer(repository, {
      snapshot,
      paths: [[]],
      sink,
      names: portableNames,
      overwrite: "never",
    });
    await restorer.run(signal);
    expect(sink.files.size).toBe(0);
    const error = restorer.failures[0]?.error;
    expect(error).toMatchObject({ code: "mac-mismatch", context: { blob: expect.toBeOneOf([tree, subtree]) } });
    expect(restorer.failures).toHaveLength(1);
  });
});

test("a damaged data blob fails its file only, and a download of it ends with the error", async () => {
  const intact = await openTestRepository(backend);
  const { tree } = await intact.loadSnapshot(snapshot, signal);
  const root = (await intact.trees.load(tree, signal)).nodes[0];
  if (!root?.subtree) throw new Error("no folder");
  const { nodes } = await intact.trees.load(root.subtree, signal);
  const blob = nodes[1]?.content?.[0] as Id;
  const place = intact.index.locations("data", blob)[0];
  const damaging = altered(backend, {
    async load(handle, loadSignal, range) {
      const bytes = await backend.load(handle, loadSignal, range);
      if (handle.type !== "data" || handle.id !== place?.pack || !range) return bytes;
      const at = place.offset + 100 - range.offset;
      return at >= 0 && at < bytes.length ? flipped(bytes, at) : bytes;
    },
  });
  const repository = await openTestRepository(damaging);
  const sink = new MemorySink();
  const restorer = new Restorer(repository, { snapshot, paths: [[]], sink, names: portableNames, overwrite: "never" });
  await restorer.run(signal);
  expect([...sink.files.keys()]).toEqual(["Documents/a.txt"]);
  expect(restorer.failures).toMatchObject([{ error: { code: "mac-mismatch", context: { blob } } }]);
  const { chunks } = await openFile(repository, snapshot, [0, 1], signal);
  expect(await failureOf(chunks.next())).toMatchObject({ code: "mac-mismatch", context: { blob } });
});

test("a wrong password is told as such, after one derivation a key", async () => {
  const ports = { backend, kernels: nodeKernels, journal: memoryJournal() };
  const error = await failureOf(openRepository(ports, { password: "not it", signal }));
  expect(error).toBeInstanceOf(WrongPasswordError);
});

test("a cheaper key file of another repository with the same password shuts nobody out", async () => {
  const other = await createTestRepository();
  const [foreign] = await other.backend.list("key", signal);
  if (!foreign) throw new Error("no key");
  const bytes = await other.backend.load({ type: "key", id: foreign.id }, signal);
  const { backend: own } = await createTestRepository();
  await own.save({ type: "key", id: foreign.id }, bytes, signal);
  expect((await openTestRepository(own)).keyId).not.toBe(foreign.id);
  for (const { id } of await own.list("key", signal)) {
    if (id !== foreign.id) await own.remove({ type: "key", id }, signal);
  }
  const error = await failureOf(openTestRepository(own));
  expect(error).toMatchObject({ code: "config-damaged", context: { foreignKeys: 1 } });
});

test("an address without a repository is told as such", async () => {
  const empty = new MemoryBackend();
  const error = await failureOf(openTestRepository(empty));
  expect(error).toMatchObject({ code: "no-repository" });
});

test("nothing is created over a repository, nor over what is left of one", async () => {
  const first = await createTestRepository();
  expect(await failureOf(createTestRepository(first.backend))).toMatchObject({ code: "repository-exists" });
  await first.backend.remove({ type: "config" }, signal);
  expect(await failureOf(createTestRepository(first.backend))).toMatchObject({ code: "repository-exists" });
});

test("the password is in no error's words", async () => {
  const secret = "a very secret password";
  const ports = { backend, kernels: nodeKernels, journal: memoryJournal() };
  const error = await failureOf(openRepository(ports, { password: secret, signal }));
  expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(secret);
  expect(password).not.toBe(secret);
});

test("a config that comes damaged once is fetched again, and the repository opens", async () => {
  let loads = 0;
  const once = altered(backend, {
    async load(handle, loadSignal, range) {
      const bytes = await backend.load(handle, loadSignal, range);
      return handle.type === "config" && ++loads === 1 ? flipped(bytes, bytes.length - 1) : bytes;
    },
  });
  await openTestRepository(once);
  expect(loads).toBe(2);
});
