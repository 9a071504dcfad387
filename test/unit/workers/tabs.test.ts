import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryBackend } from "../../../src/core/backend/memory.ts";
import type { SourceEntry, SourceFolder } from "../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../src/core/base/raw-name.ts";
import type { Keep, WriterState } from "../../../src/workers/repository-api.ts";
import type { RepositoryService } from "../../../src/workers/repository-service.ts";
import { backupRequest } from "../../support/backup-request.ts";
import { backupSet } from "../../support/backup-sets.ts";
import { copyOf, Device, MemoryServer, never, quiet } from "../../support/device.ts";
import { createTestRepository } from "../../support/memory-repository.ts";
import type { MemoryTab } from "../../support/memory-tabs.ts";

/** Tabs of one browser on one repository, each with the service of its worker. */
let template: MemoryBackend;
beforeAll(async () => {
  template = new MemoryBackend();
  (await createTestRepository(template)).repository.close();
});

let device: Device;
let services: RepositoryService[];
beforeEach(async () => {
  device = new Device(new MemoryServer(await copyOf(template)));
  services = [];
});
afterEach(async () => {
  for (const service of services) await service.close();
});

const folder = { kind: "files" as const, files: [], emptyFolders: [] };
const request = backupRequest({ sources: [{ rootName: "Documents", folder, addsToParent: false }] });

/** A folder whose listing goes on after its first file when the test says so. */
class SlowFolder implements SourceFolder {
  goOn: () => void = () => {};
  private readonly gate = new Promise<void>((resolve) => {
    this.goOn = resolve;
  });

  async *entries(signal: AbortSignal): AsyncIterable<SourceEntry> {
    yield { kind: "file", name: rawNameOf("first"), open: async () => fileOf("first") };
    const left = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await Promise.race([this.gate, left]);
    yield { kind: "file", name: rawNameOf("last"), open: async () => fileOf("last") };
  }
}

function fileOf(text: string) {
  return { size: text.length, modifiedMs: 0, blob: new Blob([text]) };
}

async function openTab(keep: Keep, tab?: MemoryTab): Promise<RepositoryService> {
  const service = await device.open({ keep }, tab);
  services.push(service);
  return service;
}

async function locks(): Promise<string[]> {
  return (await device.server.files.list("lock", never)).map(({ id }) => id);
}

/** What a tab says of another tab's writing, from now on. */
function statesOf(service: RepositoryService): WriterState[] {
  const states: WriterState[] = [];
  services.push(service);
  void service.watchWriter({}, { signal: never, onProgress: (state) => void states.push(state) });
  return states;
}

/** Begins a backup that stands still after its first file, and waits until its lock is there. */
async function standingBackup(service: RepositoryService, setId: string | null = null) {
  const source = new SlowFolder();
  device.source = source;
  const running = service.backup({ ...request, setId }, quiet);
  running.catch(() => {});
  await vi.waitFor(async () => expect(await locks()).toHaveLength(1));
  return { source, running };
}

describe.each([
  ["a device of one's own", { kind: "device", budgetBytes: 1 << 20 }],
  ["one's own that keeps no copy", { kind: "device", budgetBytes: 0 }],
  ["somebody else's device", { kind: "nothing" }],
] as const)("on %s", (_, keep) => {
  test("ten tabs that come and go leave the lock of the one that backs up, and know of it", async () => {
    const writer = await openTab(keep);
    const { source, running } = await standingBackup(writer);
    const held = await locks();
    for (let i = 0; i < 10; i++) {
      const other = await device.open({ keep });
      const states = statesOf(other);
      await vi.waitFor(() =>
        expect(states.at(-1)).toMatchObject({ state: "elsewhere", progress: { phase: "saving" } }),
      );
      expect(await locks(), `tab ${i}`).toEqual(held);
      await other.close();
      expect(await locks(), `after tab ${i}`).toEqual(held);
    }
    source.goOn();
    expect(await running).toMatchObject({ outcome: "stored" });
    expect(await locks()).toEqual([]);
  });

  test("a killed writer's lock is removed by the tab that is left", async () => {
    const doomed = device.browser.openTab();
    await standingBackup(await device.open({ keep }, doomed));
    const left = await openTab(keep);
    const states = statesOf(left);
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ state: "elsewhere", progress: { phase: "saving" } }));
    expect(await locks()).toHaveLength(1);
    device.browser.kill(doomed);
    await vi.waitFor(async () => expect(await locks()).toEqual([]));
    expect(states.at(-1)).toEqual({ state: "none" });
  });

  test("a tab that was open before the writer began hears of it, and removes its lock, too", async () => {
    const left = await openTab(keep);
    const states = statesOf(left);
    expect(states).toEqual([{ state: "none" }]);
    const doomed = device.browser.openTab();
    await standingBackup(await device.open({ keep }, doomed));
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ state: "elsewhere" }));
    device.browser.kill(doomed);
    await vi.waitFor(async () => expect(await locks()).toEqual([]));
    await vi.waitFor(() => expect(states.at(-1)).toEqual({ state: "none" }));
    device.source = { entries: async function* () {} };
    expect(await left.backup(request, quiet)).toMatchObject({ outcome: "stored" });
  });
});

const own: Keep = { kind: "device", budgetBytes: 1 << 20 };

test("a second writer is refused while the first one lives, and welcome afterwards", async () => {
  const first = await openTab(own);
  const second = await openTab(own);
  const { source, running } = await standingBackup(first);
  await expect(second.backup(request, quiet)).rejects.toMatchObject({ code: "writer-elsewhere" });
  source.goOn();
  await running;
  await second.backup(request, quiet);
});

test("a tab's own writing is nobody else's", async () => {
  const tab = await openTab(own);
  const states = statesOf(tab);
  const { source, running } = await standingBackup(tab);
  const others = statesOf(await openTab(own));
  await vi.waitFor(() => expect(others.at(-1)).toMatchObject({ state: "elsewhere" }));
  source.goOn();
  await running;
  expect(states).toEqual([{ state: "none" }]);
});

test("no tab that opens while others lock and unlock ever removes a lock that lives", async () => {
  const writer = await openTab(own);
  device.source = { entries: async function* () {} };
  let isOver = false;
  const opening = (async () => {
    while (!isOver) {
      const other = await device.open({ keep: own });
      await other.close();
    }
  })();
  for (let i = 0; i < 15; i++) {
    const before = device.server.requests.length;
    await writer.backup(request, quiet);
    const removals = device.server.requests
      .slice(before)
      .filter(({ name, file }) => name === "remove" && file.startsWith("lock/"));
    expect(removals, "its own, once, and by nobody else").toHaveLength(1);
  }
  isOver = true;
  await opening;
  expect(await locks()).toEqual([]);
});

test("watching ends with the repository", async () => {
  const tab = await openTab(own);
  const watching = tab.watchWriter({}, quiet);
  await tab.close();
  await watching;
  await expect(tab.watchWriter({}, quiet)).rejects.toMatchObject({ code: "closed" });
});

describe("a set's run", () => {
  test("is in the history after it has ended, and offered to go on after its tab was killed", async () => {
    const doomed = device.browser.openTab();
    const writer = await device.open({ keep: own }, doomed);
    await writer.saveSet({ set: backupSet() }, quiet);
    const first = await standingBackup(writer, "set-1");
    first.source.goOn();
    const { snapshot } = await first.running;
    const other = await openTab(own);
    const [ended] = await other.listSets({}, quiet);
    expect(ended).toMatchObject({ unfinished: null, runs: [{ outcome: "stored", snapshot: snapshot?.id }] });
    await standingBackup(writer, "set-1");
    expect((await other.listSets({}, quiet))[0]?.unfinished, "it runs in another tab").toBeNull();
    device.browser.kill(doomed);
    device.sets.running.clear();
    const [cut] = await other.listSets({}, quiet);
    expect(cut).toMatchObject({ runs: [{ outcome: "stored" }], unfinished: { filesDone: expect.any(Number) } });
    await other.dismissUnfinished({ setId: "set-1" }, quiet);
    expect((await other.listSets({}, quiet))[0]?.unfinished).toBeNull();
  });

  test("that was locked in the midst of it is in the history as cancelled", async () => {
    const tab = await openTab(own);
    await tab.saveSet({ set: backupSet() }, quiet);
    const { running } = await standingBackup(tab, "set-1");
    await tab.close();
    await expect(running).rejects.toThrow();
    const [info] = await (await openTab(own)).listSets({}, quiet);
    expect(info).toMatchObject({ unfinished: null, runs: [{ outcome: "cancelled", code: null }] });
  });

  test("that stores nothing, as a trial, leaves no trace in the set", async () => {
    const tab = await openTab(own);
    device.source = { entries: async function* () {} };
    await tab.saveSet({ set: backupSet() }, quiet);
    await tab.backup({ ...request, setId: "set-1", dryRun: true }, quiet);
    expect((await tab.listSets({}, quiet))[0]).toMatchObject({ runs: [], unfinished: null });
  });
});

test("sets of somebody else's device end with the session, and leave nothing behind", async () => {
  const tab = await openTab({ kind: "nothing" });
  await tab.saveSet({ set: backupSet() }, quiet);
  expect(await tab.setStorage({}, quiet)).toEqual({ place: "session", damaged: false });
  await tab.close();
  expect(device.storageUses).toBe(0);
  expect(await (await openTab({ kind: "nothing" })).listSets({}, quiet)).toEqual([]);
});

test("a tab that opens while a killed one still seems to live removes that one's lock all the same", async () => {
  const doomed = device.browser.openTab();
  await standingBackup(await device.open({ keep: own }, doomed));
  const [lock = ""] = await locks();
  const lingering = device.browser.openTab();
  device.browser.kill(doomed);
  const release = await lingering.lockClaims.claim(lock);
  await openTab(own);
  expect(await locks(), "claimed while it was opened").toEqual([lock]);
  release();
  await vi.waitFor(async () => expect(await locks()).toEqual([]), { timeout: 5000 });
});
