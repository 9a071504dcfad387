import { expect, test, vi } from "vitest";
import { defaultSettings, type Recent } from "../../../../src/platform/device-memory.ts";
import { Device } from "../../../../src/ui/state/device.svelte.ts";
import { FakeDevice } from "../../../support/fake-device.ts";

function recentAt(url: string): Recent {
  return { id: url, place: { kind: "rest", url }, label: "photos", lastOpenedMs: 1 };
}

function folderOf(name: string): FileSystemDirectoryHandle {
  const handle: Partial<FileSystemDirectoryHandle> = {
    kind: "directory",
    name,
    isSameEntry: async (other) => other.name === name,
  };
  return handle as FileSystemDirectoryHandle;
}

const repositoryId = "5".repeat(64);
const nas = recentAt("https://nas.home/photos/");
const attic = recentAt("https://attic.home/letters/");

test("a guest's settings last as long as the page, and nothing is written", async () => {
  const fake = new FakeDevice();
  const device = new Device(fake.ports());
  await device.change({ theme: "dark", idleMinutes: 5 });
  await device.remember(nas.place, repositoryId, 2);
  expect([device.settings.idleMinutes, fake.theme, fake.memory]).toEqual([5, "dark", null]);
  expect(device.keep).toEqual({ kind: "nothing" });
});

test("what comes late from slow storage makes it one's own device all the same", async () => {
  const fake = new FakeDevice({ settings: { ...defaultSettings, theme: "dark" }, recents: [nas] });
  fake.isSlow = true;
  const device = new Device(fake.ports());
  expect([device.mine, device.recents]).toEqual([false, []]);
  await vi.waitFor(() => expect(fake.installed).toBe(true));
  expect([device.mine, device.recents, device.settings.theme, fake.theme]).toEqual([true, [nas], "dark", "dark"]);
});

test("what comes late changes nothing once the user has had everything forgotten", async () => {
  const fake = new FakeDevice({ settings: defaultSettings, recents: [nas] });
  fake.isSlow = true;
  const ports = fake.ports();
  const device = new Device(ports);
  await device.forgetEverything();
  await ports.device.rememberedLate;
  expect([device.mine, device.recents]).toEqual([false, []]);
});

test("becoming one's own device keeps the settings and installs the app", async () => {
  const fake = new FakeDevice();
  const device = new Device(fake.ports());
  await device.change({ theme: "dark" });
  await device.becomeMine();
  expect(fake.memory).toEqual({ settings: { ...defaultSettings, theme: "dark" }, recents: [] });
  expect(fake.installed).toBe(true);
});

test("opening again moves a repository to the front instead of listing it twice", async () => {
  const fake = new FakeDevice({ settings: defaultSettings, recents: [nas, attic] });
  const device = new Device(fake.ports());
  await device.remember(attic.place, repositoryId, 7);
  expect(device.recents.map(({ id, lastOpenedMs }) => [id, lastOpenedMs])).toEqual([
    [attic.id, 7],
    [nas.id, 1],
  ]);
});

test("a folder is known again by its entry, whatever handle leads to it", async () => {
  const device = new Device(new FakeDevice({ settings: defaultSettings, recents: [] }).ports());
  await device.remember({ kind: "folder", handle: folderOf("Archive") }, repositoryId, 1);
  await device.remember({ kind: "folder", handle: folderOf("Other") }, repositoryId, 2);
  await device.remember({ kind: "folder", handle: folderOf("Archive") }, repositoryId, 3);
  expect(device.recents.map(({ label, lastOpenedMs }) => [label, lastOpenedMs])).toEqual([
    ["Archive", 3],
    ["Other", 2],
  ]);
});

test("what another tab remembered meanwhile is kept", async () => {
  const fake = new FakeDevice({ settings: defaultSettings, recents: [] });
  const device = new Device(fake.ports());
  fake.memory = { settings: defaultSettings, recents: [attic] };
  await device.remember(nas.place, repositoryId, 3);
  expect(device.recents.map(({ id }) => id)).toEqual([nas.id, attic.id]);
});

test("one repository is forgotten with its offline copy, and the others stay", async () => {
  const fake = new FakeDevice({ settings: defaultSettings, recents: [nas, attic] });
  fake.copies = new Map([
    [nas.id, 10],
    [attic.id, 20],
  ]);
  const device = new Device(fake.ports());
  await device.forget(nas);
  expect(fake.memory?.recents.map(({ id }) => id)).toEqual([attic.id]);
  expect([...device.copies]).toEqual([[attic.id, 20]]);
});

test("forgetting everything wipes the device and says so; what comes after is a guest's", async () => {
  const fake = new FakeDevice({ settings: { ...defaultSettings, theme: "dark" }, recents: [nas] });
  fake.installed = true;
  const device = new Device(fake.ports());
  await device.forgetEverything();
  expect([fake.wipes, fake.installed, fake.memory, fake.theme]).toEqual([1, false, null, "system"]);
  expect([device.mine, device.recents, device.wiped]).toEqual([false, [], { heldElsewhere: false }]);
  await device.remember(attic.place, repositoryId, 9);
  expect(fake.memory).toBeNull();
});

test("a browser that keeps nothing is told, and stops nobody", async () => {
  const fake = new FakeDevice();
  fake.refuses = true;
  const device = new Device(fake.ports());
  await device.becomeMine();
  await device.remember(nas.place, repositoryId, 1);
  expect(device.failure).not.toBeNull();
  expect(device.recents.map(({ id }) => id)).toEqual([nas.id]);
});

test("with a repository its sets go, too, unless another place leads to the same one", async () => {
  const twice = [nas, attic].map((recent) => ({ ...recent, repositoryId }));
  const fake = new FakeDevice({ settings: defaultSettings, recents: twice });
  const device = new Device(fake.ports());
  for (const recent of twice) {
    expect(fake.forgottenSets).toEqual([]);
    await device.forget(recent);
  }
  expect(fake.forgottenSets).toEqual([repositoryId]);
});

test("a budget of nothing keeps no copy, but sets and locks", async () => {
  const device = new Device(new FakeDevice({ settings: { ...defaultSettings, budgetBytes: 0 }, recents: [] }).ports());
  expect(device.keep).toEqual({ kind: "device", budgetBytes: 0 });
  await device.change({ budgetBytes: 7 });
  expect(device.keep).toEqual({ kind: "device", budgetBytes: 7 });
});
