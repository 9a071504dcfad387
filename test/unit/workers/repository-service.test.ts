import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Backend } from "../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../src/core/backend/memory.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { BackendError } from "../../../src/core/base/errors.ts";
import type { Id } from "../../../src/core/base/id.ts";
import type {
  ArchiveFormat,
  BackupProgress,
  CheckDataProgress,
  IndexProgress,
  RepositoryApi,
  RestoreProgress,
  VerifyUploadProgress,
} from "../../../src/workers/repository-api.ts";
import { RepositoryService } from "../../../src/workers/repository-service.ts";
import { connect, serve } from "../../../src/workers/rpc.ts";
import { readableFromPort } from "../../../src/workers/stream-port.ts";
import { altered } from "../../support/altered-backend.ts";
import { backupRequest } from "../../support/backup-request.ts";
import { nodeKernels } from "../../support/kernels.ts";
import { MemoryFolder, MemorySink } from "../../support/memory-folder.ts";
import { MemoryPackSpool } from "../../support/memory-pack-spool.ts";
import {
  backUp,
  createTestRepository,
  memoryJournal,
  openTestRepository,
  password,
} from "../../support/memory-repository.ts";
import { MemoryBrowser } from "../../support/memory-tabs.ts";
import { noise } from "../../support/noise.ts";

/** What the page gets of its repository worker, with a port between them as in the browser. */
const modifiedMs = Date.UTC(2026, 0, 1);
const large = noise(1, 5_000_000);
const tree = {
  "large.bin": { bytes: large, modifiedMs },
  folder: { "small.txt": { bytes: utf8("small"), modifiedMs }, empty: {} },
};

let backend: Backend;
let snapshot: Id;
beforeAll(async () => {
  const made = await createTestRepository(new MemoryBackend());
  backend = made.backend;
  snapshot = (await backUp(made.repository, new MemoryFolder(tree))).id;
});

let sink: MemorySink;
let closed: (() => Promise<void>)[];
beforeEach(() => {
  sink = new MemorySink();
  closed = [];
});
afterEach(async () => {
  for (const close of closed) await close();
});

async function openApi(used: Backend = backend): Promise<RepositoryApi> {
  const service = new RepositoryService({
    connect: () => used,
    kernels: nodeKernels,
    openJournal: memoryJournal,
    openOfflineStore: () => {
      throw new Error("nothing is to be kept");
    },
    sourceFolderOf: () => new MemoryFolder({}),
    sinkOf: () => sink,
    openPackSpool: () => new MemoryPackSpool(),
    openSetStore: () => {
      throw new Error("nothing is to be kept");
    },
    tabs: new MemoryBrowser().openTab(),
    programVersion: "holdall test",
  });
  const { port1, port2 } = new MessageChannel();
  serve<RepositoryApi>(port1, service);
  const { api } = connect<RepositoryApi>(port2);
  closed.push(async () => {
    await api.close({});
    port1.close();
  });
  const location = { kind: "rest", url: "https://nas.example/", login: null, connections: null } as const;
  await api.open({ location, password, keep: { kind: "nothing" } });
  return api;
}

/** A server that alters every large piece of data on its way. */
const damaging = (): Backend =>
  altered(backend, {
    async load(handle, signal, range) {
      const bytes = await backend.load(handle, signal, range);
      // Trees are small and near each other; what is larger is data.
      if (handle.type === "data" && bytes.length > 100_000) bytes.set([(bytes[50_000] ?? 0) ^ 1], 50_000);
      return bytes;
    },
  });

async function saveArchive(api: RepositoryApi, format: ArchiveFormat) {
  const plan = await api.planArchive({ snapshot, paths: [[]], format });
  const { port1, port2 } = new MessageChannel();
  const download = new Response(readableFromPort(port2, plan.archiveBytes)).arrayBuffer();
  download.catch(() => {});
  const result = await api.saveArchive({ snapshot, paths: [[]], format, port: port1 });
  return { plan, result, bytes: Buffer.from(await download) };
}

test.each(["zip", "tar"] as const)("a %s comes through the port as long as it was planned", async (format) => {
  const { plan, result, bytes } = await saveArchive(await openApi(), format);
  expect(plan).toMatchObject({ files: 2, folders: 3, bytes: 5_000_005, renamed: 0, skipped: 0, failures: [] });
  expect(result).toMatchObject({ files: 2, folders: 3, bytes: 5_000_005, renamed: [], skipped: [], failures: [] });
  expect(bytes.length).toBe(plan.archiveBytes);
  expect(bytes.includes("small.txt")).toBe(true);
});

test("an archive that meets damage on its way fails at both ends", async () => {
  const api = await openApi(damaging());
  const plan = await api.planArchive({ snapshot, paths: [[]], format: "zip" });
  const { port1, port2 } = new MessageChannel();
  const download = new Response(readableFromPort(port2, plan.archiveBytes)).arrayBuffer();
  const saving = api.saveArchive({ snapshot, paths: [[]], format: "zip", port: port1 });
  const [saved, downloaded] = await Promise.allSettled([saving, download]);
  expect(saved).toMatchObject({ status: "rejected", reason: { code: "mac-mismatch" } });
  expect(downloaded.status).toBe("rejected");
});

test("a preview is the first bytes of a file, however much is asked for", async () => {
  const api = await openApi();
  const first = await api.preview({ snapshot, path: [0, 1], maxBytes: 1000 });
  expect(first.totalBytes).toBe(5_000_000);
  expect(Buffer.from(first.bytes).equals(large.subarray(0, 1000))).toBe(true);
  const whole = await api.preview({ snapshot, path: [0, 1], maxBytes: Number.MAX_VALUE });
  expect(Buffer.from(whole.bytes).equals(large)).toBe(true);
  const none = await api.preview({ snapshot, path: [0, 1], maxBytes: Number.NaN });
  expect(none.bytes.length).toBe(0);
  await expect(api.preview({ snapshot, path: [0], maxBytes: 1 })).rejects.toMatchObject({
    code: "not-found-in-snapshot",
  });
});

test("a trial restore reads everything, keeps nothing, and tells what a restore would lack", async () => {
  const api = await openApi();
  const request = { snapshot, paths: [[]] };
  const progress: RestoreProgress[] = [];
  const result = await api.tryRestore(request, { onProgress: (now) => progress.push(now) });
  expect(result).toMatchObject({ files: 2, folders: 3, bytes: 5_000_005, renamed: [], failures: [] });
  expect(progress.at(-1)).toMatchObject({ phase: "restoring", filesDone: 2, filesTotal: 2, bytesDone: 5_000_005 });
  expect(sink.files.size).toBe(0);
  const damaged = await (await openApi(damaging())).tryRestore(request);
  expect(damaged.files).toBe(1);
  expect(damaged.failures).toMatchObject([{ path: "/Documents/large.bin", code: "mac-mismatch" }]);
});

test("a check of all data counts what it read and lists what is wrong by pack", async () => {
  const packs = await backend.list("data", new AbortController().signal);
  const bytes = packs.reduce((sum, { length }) => sum + length, 0);
  const progress: CheckDataProgress[] = [];
  const result = await (await openApi()).checkData({}, { onProgress: (now) => progress.push(now) });
  expect(result).toMatchObject({ packs: packs.length, bytes, unnamedPacks: 0, unnamedBytes: 0, failures: [] });
  expect(progress.at(-1)).toMatchObject({ packsDone: packs.length, packsTotal: packs.length, bytesTotal: bytes });
  const { failures } = await (await openApi(damaging())).checkData({});
  expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["file-hash-mismatch", "mac-mismatch"]));
  expect(packs.map(({ id }) => `data/${id}`)).toContain(failures[0]?.path);
});

test("a check can be cancelled", async () => {
  const controller = new AbortController();
  const stopping = altered(backend, {
    load(handle, ...rest) {
      if (handle.type === "data") controller.abort();
      return backend.load(handle, ...rest);
    },
  });
  const api = await openApi(stopping);
  await expect(api.checkData({}, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
});

test("a restore is planned, done, and found done", async () => {
  const api = await openApi();
  const target = {} as FileSystemDirectoryHandle;
  sink.files.set("Documents/folder/small.txt", utf8("other"));
  const request = { snapshot, paths: [[]], target: { ...target }, overwrite: "changed" } as const;
  expect(await api.planRestore({ ...request, paths: [[]] })).toEqual({
    files: 2,
    folders: 3,
    bytes: 5_000_005,
    existing: 1,
    existingBytes: 5,
    renamed: 0,
    skipped: 0,
    failures: [],
  });
  const first = await api.restore({ ...request, paths: [[]] });
  expect(first).toMatchObject({ files: 2, unchanged: 0, kept: 0, bytesWritten: 5_000_005, failures: [] });
  const second = await api.restore({ ...request, paths: [[]] });
  expect(second).toMatchObject({ files: 2, unchanged: 2, bytes: 5_000_005, bytesWritten: 0 });
  const kept = await api.restore({ ...request, paths: [[]], overwrite: "never" });
  expect(kept).toMatchObject({ files: 0, kept: 2, bytes: 0, failures: [] });
});

test("folders are measured, and progress ends with all of them", async () => {
  const api = await openApi();
  const told: unknown[] = [];
  const sizes = await api.measureFolders({ snapshot, path: [] }, { onProgress: (progress) => told.push(progress) });
  expect(sizes).toEqual({ sizes: [{ position: 0, bytes: 5_000_005, files: 2 }], complete: true });
  expect(told.at(-1)).toEqual(sizes);
});

test("a malformed id is told as such, and the port of an archive does not stay open for it", async () => {
  const api = await openApi();
  const { port1, port2 } = new MessageChannel();
  const download = new Response(readableFromPort(port2, 1)).arrayBuffer();
  const saving = api.saveArchive({ snapshot: "x", paths: [[]], format: "zip", port: port1 });
  const [saved, downloaded] = await Promise.allSettled([saving, download]);
  expect(saved).toMatchObject({ status: "rejected", reason: { code: "id-malformed" } });
  expect(downloaded.status).toBe("rejected");
});

test("a running backup is paused and let go on; without one, nothing happens", async () => {
  const api = await openApi((await createTestRepository(new MemoryBackend())).backend);
  await api.steerBackup({ paused: true });
  const told: BackupProgress[] = [];
  const folder = { kind: "files", files: [], emptyFolders: [] } as const;
  const source = { rootName: "Documents", folder: { ...folder, files: [], emptyFolders: [] }, addsToParent: false };
  let wasPaused = false;
  const onProgress = (progress: BackupProgress) => {
    told.push(progress);
    if (!wasPaused) void api.steerBackup({ paused: true });
    else if (progress.paused) void api.steerBackup({ paused: false });
    wasPaused = true;
  };
  const result = await api.backup(backupRequest({ sources: [source] }), { onProgress });
  expect(result).toMatchObject({ outcome: "stored", waitedMs: 0 });
  expect(told.some(({ paused }) => paused)).toBe(true);
  expect(told.at(-1)).toMatchObject({ paused: false, phase: "verifying" });
});

test("opening asks beside the keys what the server is like", async () => {
  const order: string[] = [];
  const server = altered(backend, {
    load: async (handle, signal, range) => {
      await new Promise((resolve) => setImmediate(resolve));
      const bytes = await backend.load(handle, signal, range);
      order.push(`${handle.type} loaded`);
      return bytes;
    },
    remove: async () => {
      order.push("probe");
      throw new BackendError("append-only");
    },
    clockAheadMs: () => 90_000,
  });
  const api = await openApi(server);
  const location = { kind: "rest", url: "https://nas.example/", login: null, connections: null } as const;
  order.length = 0;
  const info = await api.open({ location, password, keep: { kind: "nothing" } });
  expect(info).toMatchObject({ appendOnly: true, clockAheadMs: 90_000, offline: false });
  const opening = order.filter((step) => step !== "index loaded");
  expect(opening.slice(0, 3)).toEqual(["config loaded", "probe", "key loaded"]);
});

test("snapshots are listed while the index is still being read; folders wait for it", async () => {
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const slow = altered(backend, {
    load: async (handle, signal, range) => {
      if (handle.type === "index") await arrived;
      return backend.load(handle, signal, range);
    },
  });
  const api = await openApi(slow);
  const seen: IndexProgress[] = [];
  const indexed = api.awaitIndex({}, { onProgress: (progress) => void seen.push(progress) });
  const folder = api.listFolder({ snapshot, path: [] });
  expect((await api.listSnapshots({})).snapshots).toHaveLength(1);
  arrive();
  expect((await folder).entries).toHaveLength(1);
  expect(await indexed).toEqual({ blobs: expect.any(Number), packs: 2 });
  expect(seen.at(-1)).toEqual({ filesDone: 1, filesTotal: 1 });
});

test("there is nothing to check before anything was uploaded", async () => {
  const api = await openApi();
  const seen: VerifyUploadProgress[] = [];
  const onProgress = (progress: VerifyUploadProgress) => void seen.push(progress);
  expect(await api.verifyUpload({ extent: "all" }, { onProgress })).toEqual({ packs: 0, bytes: 0, failures: [] });
  expect(seen.at(-1)).toEqual({ packsDone: 0, packsTotal: 0, bytesDone: 0, bytesTotal: 0, waiting: null });
});

test("a lock of somebody else is listed, and gone after it was removed", async () => {
  const elsewhere = await openTestRepository(backend);
  const { signal } = new AbortController();
  await elsewhere.lock("exclusive", signal);
  const api = await openApi();
  const [lock] = await api.listLocks({});
  expect(lock).toMatchObject({ exclusive: true, holder: "somebody", username: "holdall" });
  await api.removeLock({ id: lock?.id ?? "" });
  expect(await api.listLocks({})).toEqual([]);
});
