import { beforeAll, describe, expect, test } from "vitest";
import { MemoryBackend } from "../../../src/core/backend/memory.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { hashId } from "../../../src/core/base/id.ts";
import { loadKernel } from "../../../src/core/codec/kernel.ts";
import { encodeKeyFile } from "../../../src/core/format/key-file.ts";
import { createKeyFile, openKey } from "../../../src/core/repository/keys.ts";
import type { FolderListing, NodePath } from "../../../src/workers/repository-api.ts";
import type { RepositoryService } from "../../../src/workers/repository-service.ts";
import { backupRequest } from "../../support/backup-request.ts";
import { copyOf, Device, MemoryServer, never, quiet } from "../../support/device.ts";
import { nodeKernels } from "../../support/kernels.ts";
import { MemoryFolder, type MemoryTree } from "../../support/memory-folder.ts";
import { MemoryOfflineStore } from "../../support/memory-offline-store.ts";
import { backUp, cheapKdf, createTestRepository, password } from "../../support/memory-repository.ts";
import { noise } from "../../support/noise.ts";

const tree: MemoryTree = {
  "geheimer Brief.txt": file("Lieber Onkel"),
  Reisen: { Norwegen: { "fjord.jpg": file("fjord"), "zelt.jpg": file("zelt") }, Wüste: { "düne.jpg": file("düne") } },
  Steuer: { "2025": { "bescheid.pdf": file("bescheid") } },
};

function file(text: string) {
  return { bytes: utf8(text), modifiedMs: Date.UTC(2026, 0, 1) };
}

/** Beside what the tests look at. A source without them would have lost most of its entries, which a backup asks about. */
const filler: MemoryTree = Object.fromEntries(
  Array.from({ length: 40 }, (_, i) => [`Ordner ${i}`, { "a.txt": file(`${i}`) }]),
);

/** A folder whose tree takes some kilobytes. */
function wideFolder(seed: number): MemoryTree {
  const nameOf = (i: number) => Buffer.from(noise(seed * 1000 + i, 40)).toString("hex");
  return Object.fromEntries(Array.from({ length: 60 }, (_, i) => [nameOf(i), file("same")]));
}

/** A repository of one snapshot, whose files each test copies. */
let template: MemoryBackend;
let snapshot = "";

beforeAll(async () => {
  template = new MemoryBackend();
  const { repository } = await createTestRepository(template);
  snapshot = (await backUp(repository, new MemoryFolder({ ...tree, ...filler }))).id;
  repository.close();
});

async function newDevice(store = new MemoryOfflineStore()): Promise<Device> {
  return new Device(new MemoryServer(await copyOf(template)), store);
}

async function folder(service: RepositoryService, names: readonly string[]): Promise<FolderListing> {
  let path: NodePath = [];
  for (const name of ["Documents", ...names]) {
    const { entries } = await service.listFolder({ snapshot, path }, quiet);
    path = [...path, entries.find((entry) => entry.name === name)?.position ?? -1];
  }
  return service.listFolder({ snapshot, path }, quiet);
}

async function namesIn(service: RepositoryService, names: readonly string[]): Promise<string[]> {
  return (await folder(service, names)).entries.map(({ name }) => name);
}

async function snapshotIds(service: RepositoryService): Promise<string[]> {
  return (await service.listSnapshots({}, quiet)).snapshots.map(({ id }) => id);
}

function documentsRequest() {
  const folder = { kind: "files" as const, files: [], emptyFolders: [] };
  return backupRequest({ sources: [{ rootName: "Documents", folder, addsToParent: false }] });
}

describe("without a network", () => {
  test("what was opened opens again: snapshots and visited folders are there, the rest is not reached", async () => {
    const device = await newDevice();
    const online = await device.open();
    await snapshotIds(online);
    const visited = await folder(online, ["Reisen"]);
    await online.close();
    device.server.failure = "network";
    const service = device.service();
    const info = await service.open(device.request(), quiet);
    expect(info.offline).toBe(true);
    expect(await snapshotIds(service)).toEqual([snapshot]);
    expect(await folder(service, ["Reisen"])).toEqual(visited);
    await expect(service.backup(documentsRequest(), quiet)).rejects.toMatchObject({ code: "opened-offline" });
    const letter = (await folder(service, [])).entries.findIndex(({ name }) => name === "geheimer Brief.txt");
    const { port1: port } = new MessageChannel();
    const saving = service.saveFile({ snapshot, path: [0, letter], port }, quiet);
    await expect(saving).rejects.toMatchObject({ code: "opened-offline" });
    const planning = service.planArchive({ snapshot, paths: [[]], format: "zip" }, quiet);
    await expect(planning).rejects.toMatchObject({ code: "opened-offline" });
    await service.close();
  });

  test("a folder whose trees were not kept fails with network, not with a riddle", async () => {
    const device = await newDevice();
    const online = await device.open();
    await snapshotIds(online);
    await online.close();
    device.server.failure = "network";
    await device.store.remove(device.store.keys("tree/"));
    const service = await device.open();
    await expect(folder(service, [])).rejects.toMatchObject({ name: "BackendError", code: "network" });
  });

  test("the wrong password is called so", async () => {
    const device = await newDevice();
    await (await device.open()).close();
    device.server.failure = "network";
    await expect(device.open({ password: "wrong" })).rejects.toMatchObject({
      name: "WrongPasswordError",
      code: "wrong-password",
    });
  });

  test("what was never opened here is not reached, and a refusing server is no missing network", async () => {
    const device = await newDevice();
    device.server.failure = "network";
    await expect(device.open()).rejects.toMatchObject({ code: "network" });
    device.server.failure = null;
    await (await device.open()).close();
    device.server.failure = "access-denied";
    await expect(device.open()).rejects.toMatchObject({ code: "access-denied" });
  });

  test("a repository that was just created opens too", async () => {
    const device = new Device(new MemoryServer());
    const service = device.service();
    const created = await service.create({ ...device.request(), formatVersion: 2 }, quiet);
    await service.listSnapshots({}, quiet);
    await service.close();
    device.server.failure = "network";
    const again = await device.open();
    expect(await snapshotIds(again)).toEqual([]);
    expect(created.offline).toBe(false);
  });
});

test("what was created and backed up in one go opens without a network", async () => {
  const device = new Device(new MemoryServer());
  device.source = new MemoryFolder({ ...tree, ...filler });
  const service = device.service();
  await service.create({ ...device.request(), formatVersion: 2 }, quiet);
  const made = await service.backup(documentsRequest(), quiet);
  await snapshotIds(service);
  await service.close();
  device.server.failure = "network";
  expect(await snapshotIds(await device.open())).toEqual([made.snapshot?.id]);
});

describe("a snapshot that is kept", () => {
  test("is browsed whole without a network, until it is dropped", async () => {
    const device = await newDevice();
    const online = await device.open();
    const told: number[] = [];
    const onProgress = ({ treesDone }: { treesDone: number }) => told.push(treesDone);
    const state = await online.keepOffline({ snapshot }, { signal: never, onProgress });
    expect(state.snapshots).toEqual([snapshot]);
    expect(state.bytes).toBe(device.store.bytes);
    expect(told[told.length - 1]).toBe(47);
    await online.close();
    device.server.failure = "network";
    const offline = await device.open();
    expect(await snapshotIds(offline)).toEqual([snapshot]);
    for (const [path, names] of [
      [["Reisen", "Wüste"], ["düne.jpg"]],
      [["Steuer", "2025"], ["bescheid.pdf"]],
      [["Ordner 39"], ["a.txt"]],
    ] as const) {
      expect(await namesIn(offline, path)).toEqual(names);
    }
    expect((await offline.dropOffline({ snapshot }, quiet)).snapshots).toEqual([]);
    expect(device.store.keys("tree/")).toEqual([]);
  });

  test("is not called kept when the storage has lost a part of it, and keeping it again fetches that part", async () => {
    const device = await newDevice();
    const service = await device.open();
    await service.keepOffline({ snapshot }, quiet);
    const [lost = ""] = device.store.keys("tree/");
    device.store.files.delete(lost);
    expect((await service.offlineState({}, quiet)).snapshots).toEqual([]);
    expect((await service.keepOffline({ snapshot }, quiet)).snapshots).toEqual([snapshot]);
    expect(device.store.keys("tree/")).toContain(lost);
  });

  test("does not evict itself: where the budget is too small, that is said", async () => {
    const device = await newDevice();
    const budgetBytes = 3000;
    const service = await device.open({ keep: { kind: "device", budgetBytes } });
    await expect(service.keepOffline({ snapshot }, quiet)).rejects.toMatchObject({ code: "offline-budget" });
    expect((await service.offlineState({}, quiet)).snapshots).toEqual([]);
    expect(device.store.bytes).toBeLessThanOrEqual(budgetBytes);
  });

  test("has room wherever its trees have room: what was evicted for some of them is fetched again", async () => {
    const device = new Device(new MemoryServer());
    const { repository } = await createTestRepository(device.server.files);
    const shared = { shared: wideFolder(1) };
    const visited: string[] = [];
    for (const tree of [shared, { other: wideFolder(2) }]) {
      visited.push((await backUp(repository, new MemoryFolder(tree))).id);
    }
    const wanted = (await backUp(repository, new MemoryFolder({ ...shared, own: wideFolder(3) }))).id;
    repository.close();
    const visit = async (service: RepositoryService) => {
      for (const snapshot of visited) await service.listFolder({ snapshot, path: [0, 0] }, quiet);
      return service;
    };
    const roomy = new Device(device.server);
    await (await visit(await roomy.open())).keepOffline({ snapshot: wanted }, quiet);
    const budgetBytes = roomy.store.bytes - 1000;
    const service = await visit(await device.open({ keep: { kind: "device", budgetBytes } }));
    expect((await service.keepOffline({ snapshot: wanted }, quiet)).snapshots).toEqual([wanted]);
    expect(device.store.bytes).toBeLessThanOrEqual(budgetBytes);
  });

  test("is not promised where the browser has no storage", async () => {
    const device = await newDevice(
      new MemoryOfflineStore(() => {
        throw new DOMException("full", "QuotaExceededError");
      }),
    );
    const service = await device.open();
    await expect(service.keepOffline({ snapshot }, quiet)).rejects.toMatchObject({ code: "quota-exceeded" });
  });

  test("a cancelled keeping keeps no promise", async () => {
    const device = await newDevice();
    const service = await device.open();
    const cancelled = AbortSignal.abort();
    await expect(service.keepOffline({ snapshot }, { ...quiet, signal: cancelled })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect((await service.offlineState({}, quiet)).snapshots).toEqual([]);
  });
});

describe("the login of the server", () => {
  const login = { username: "anna", password: "Türschlüssel" };

  test("is not needed twice on a device of one's own", async () => {
    const device = await newDevice();
    device.server.login = login;
    await (await device.open()).close();
    const service = await device.open({ login: null });
    expect(device.server.logins[device.server.logins.length - 1]).toEqual(login);
    expect(await snapshotIds(service)).toEqual([snapshot]);
  });

  test("stays shut under a wrong password", async () => {
    const device = await newDevice();
    device.server.login = login;
    await (await device.open()).close();
    const before = device.server.logins.length;
    await expect(device.open({ login: null, password: "wrong" })).rejects.toMatchObject({
      code: "wrong-password",
      context: { server: false, wantsLogin: true },
    });
    expect(device.server.logins.slice(before)).toEqual([null]);
  });

  test("that the server refuses by now is asked for", async () => {
    const device = await newDevice();
    device.server.login = login;
    await (await device.open()).close();
    device.server.login = { ...login, password: "changed" };
    await expect(device.open({ login: null })).rejects.toMatchObject({ code: "login-rejected" });
    await (await device.open()).close();
    await (await device.open({ login: null })).close();
  });
});

describe("a password that was changed elsewhere", () => {
  test("opens by the server's keys, and the old one opens nothing any more", async () => {
    const device = await newDevice();
    await (await device.open()).close();
    await changePassword(device.server.files, "new password");
    await (await device.open({ password: "new password" })).close();
    await expect(device.open()).rejects.toMatchObject({ code: "wrong-password" });
    device.server.failure = "network";
    await (await device.open({ password: "new password" })).close();
  });

  test("is asked for even where the old key is kept", async () => {
    const device = await newDevice();
    await (await device.open()).close();
    await changePassword(device.server.files, "new password");
    await expect(device.open()).rejects.toMatchObject({ code: "wrong-password" });
  });

  async function changePassword(files: MemoryBackend, changed: string) {
    const kernel = await loadKernel(nodeKernels);
    const { keyId, master } = await openKey(files, kernel, { password, signal: never });
    const bytes = await createKeyFile(changed, master, kernel, { hostname: "elsewhere", kdf: cheapKdf });
    await files.save({ type: "key", id: await hashId(bytes) }, bytes, never);
    await files.remove({ type: "key", id: keyId }, never);
  }
});

describe("a server that shows something else", () => {
  test("another repository at the same address, under the same password, is refused", async () => {
    const device = await newDevice();
    await (await device.open()).close();
    const other = new MemoryBackend();
    (await createTestRepository(other)).repository.close();
    const swapped = new Device(new MemoryServer(other), device.store);
    await expect(swapped.open()).rejects.toMatchObject({ name: "IntegrityError", code: "config-changed" });
    expect(swapped.server.requests.filter(({ file }) => file.startsWith("index/"))).toEqual([]);
    expect(await snapshotIds(await device.open())).toEqual([snapshot]);
  });

  test("snapshots that went are counted", async () => {
    const device = await newDevice();
    const first = await device.open();
    expect((await first.listSnapshots({}, quiet)).missingSnapshots).toBe(0);
    await first.close();
    const [listed] = await device.server.files.list("snapshot", never);
    if (listed) await device.server.files.remove({ type: "snapshot", id: listed.id }, never);
    const second = await device.open();
    expect(await second.listSnapshots({}, quiet)).toMatchObject({ snapshots: [], missingSnapshots: 1 });
  });
});

describe("the device's storage", () => {
  test("is not touched where nothing may be kept", async () => {
    const device = await newDevice();
    device.source = new MemoryFolder({ ...tree, ...filler });
    const service = await device.open({ keep: { kind: "nothing" } });
    await snapshotIds(service);
    await namesIn(service, ["Reisen"]);
    await service.backup(documentsRequest(), quiet);
    await expect(service.keepOffline({ snapshot }, quiet)).rejects.toMatchObject({ code: "feature-missing" });
    await service.close();
    const creating = new Device(new MemoryServer());
    const other = creating.service();
    await other.create({ ...creating.request({ keep: { kind: "nothing" } }), formatVersion: 2 }, quiet);
    await other.close();
    expect(device.storageUses + creating.storageUses).toBe(0);
    expect(device.store.operations + creating.store.operations).toBe(0);
  });

  test("holds nothing that a stranger could read", async () => {
    const device = await newDevice();
    device.server.login = { username: "anna-login", password: "pforte" };
    const service = await device.open();
    await snapshotIds(service);
    await namesIn(service, ["Reisen", "Wüste"]);
    await service.keepOffline({ snapshot }, quiet);
    await service.close();
    const all = Buffer.concat([
      ...[...device.store.files].flatMap(([key, { bytes }]) => [Buffer.from(key), Buffer.from(bytes)]),
    ]);
    const secrets = [password, "anna-login", "pforte", "test-browser", "Documents", "geheimer Brief", "Reisen"];
    for (const secret of [...secrets, "Wüste", "düne.jpg", "nas.example", 'hostname":"test']) {
      for (const encoding of ["utf8", "utf16le"] as const) {
        expect(all.includes(Buffer.from(secret, encoding)), `${secret} in ${encoding}`).toBe(false);
      }
    }
    expect(all.length).toBeGreaterThan(4000);
  });

  /** Opens, lists, browses, backs up and lists again; what a user sees of it. */
  async function script(store: MemoryOfflineStore) {
    const device = await newDevice(store);
    device.source = new MemoryFolder({ ...tree, ...filler, "neu.txt": file("neu") });
    const seen: unknown[] = [];
    const first = await device.open();
    seen.push(await snapshotIds(first), await folder(first, ["Reisen"]));
    await first.close();
    const service = await device.open();
    const {
      filesNew,
      filesUnmodified,
      dataBlobs,
      failures,
      snapshot: made,
    } = await service.backup(documentsRequest(), quiet);
    seen.push({ filesNew, filesUnmodified, dataBlobs, failures });
    const ids = await snapshotIds(service);
    seen.push(ids.length, ids.includes(made?.id ?? ""), await namesIn(service, ["Reisen", "Wüste"]));
    await service.close();
    return seen;
  }

  test("does no harm when it is emptied, or fails, at any moment", { timeout: 120_000 }, async () => {
    const whole = new MemoryOfflineStore();
    const expected = await script(whole);
    expect(whole.operations).toBeGreaterThan(25);
    for (let step = 1; step <= whole.operations; step++) {
      const emptied = new MemoryOfflineStore((now, store) => {
        if (now === step) store.files.clear();
      });
      expect(await script(emptied), `emptied at ${step}`).toEqual(expected);
    }
    for (let step = 1; step <= whole.operations; step += 4) {
      const dying = new MemoryOfflineStore((now) => {
        if (now >= step) throw new DOMException("gone", "InvalidStateError");
      });
      expect(await script(dying), `failing from ${step} on`).toEqual(expected);
    }
  });

  test("does no harm when every value in it is damaged", async () => {
    const device = await newDevice();
    const first = await device.open();
    const expected = [await snapshotIds(first), await folder(first, ["Reisen"])];
    await first.keepOffline({ snapshot }, quiet);
    await first.close();
    const damages: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>)[] = [
      () => new Uint8Array(0),
      (bytes) => bytes.slice(0, bytes.length / 2),
      (bytes) => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)),
      () =>
        encodeKeyFile({
          created: "x",
          username: "",
          hostname: "",
          kdf: { N: 2 ** 40, r: 8, p: 1, salt: new Uint8Array(64) },
          sealedMaster: new Uint8Array(64),
        }),
    ];
    for (const damage of damages) {
      for (const entry of device.store.files.values()) entry.bytes = damage(entry.bytes);
      const service = await device.open();
      expect([await snapshotIds(service), await folder(service, ["Reisen"])]).toEqual(expected);
      await service.close();
    }
  });
});

describe("waiting for the network", () => {
  test("a page is told after two attempts, a job goes on until it is cancelled", async () => {
    const device = await newDevice();
    device.source = new MemoryFolder({ ...tree, ...filler });
    const service = await device.open({ keep: { kind: "nothing" } });
    await service.awaitIndex({}, quiet);
    device.server.failure = "network";
    const before = device.server.requests.length;
    await expect(service.listSnapshots({}, quiet)).rejects.toMatchObject({ code: "network" });
    expect(device.server.requests.length - before).toBe(2);
    const cancel = new AbortController();
    const job = service.backup(documentsRequest(), { ...quiet, signal: cancel.signal });
    const ended = expect(job).rejects.toMatchObject({ name: "AbortError" });
    while (device.server.requests.length - before < 12) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort();
    await ended;
    const after = device.server.requests.length;
    await expect(service.listSnapshots({}, quiet)).rejects.toMatchObject({ code: "network" });
    expect(device.server.requests.length - after).toBeLessThanOrEqual(4);
  });
});
