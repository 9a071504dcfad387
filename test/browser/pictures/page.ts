import { mount } from "svelte";
import App from "../../../src/ui/App.svelte";
import type { Ports, SourceKey } from "../../../src/ui/ports.ts";
import "../../../src/ui/styles/base.css";
import type { DeviceMemory } from "../../../src/platform/device-memory.ts";
import type { Rung } from "../../../src/platform/doctor.ts";
import { showTheme } from "../../../src/platform/theme.ts";
import type { FolderPick } from "../../../src/workers/repository-api.ts";
import { FakeDevice } from "../../support/fake-device.ts";
import { fakeRepositoryApi } from "../../support/fake-repository-api.ts";
import { preparedRepository } from "./repository.ts";

/** The app on a prepared repository. The picture taker changes `window.repository` before it opens it. */
const repository = preparedRepository(Date.now());
Object.assign(window, { repository });

/** The picture taker says before the page begins whose device it is, and what the doctor sees. */
interface Prepared {
  memory: DeviceMemory | null;
  copies: [string, number][];
  rungs: readonly Rung[];
  /** Sources of sets whose folders this device keeps. */
  keptSources: readonly SourceKey[];
  /** The browser wants to be asked for them again, and is refused. */
  lapsed: boolean;
}
const prepared: Prepared = Object.assign(
  { memory: null, copies: [], rungs: [], keptSources: [], lapsed: false },
  Reflect.get(window, "prepared") as Partial<Prepared> | undefined,
);
const device = new FakeDevice(prepared.memory);
device.copies = new Map(prepared.copies);
device.sources.permits = !prepared.lapsed;
const ownPorts = device.ports();

const folder: FolderPick = { kind: "files", files: [], emptyFolders: [], unreadable: [] };
for (const key of prepared.keptSources) {
  const handle = await (await navigator.storage.getDirectory()).getDirectoryHandle(key.sourceId, { create: true });
  await device.sources.keep(key, { kind: "folder", name: key.sourceId, folder: { kind: "handle", handle } });
  if (prepared.lapsed) device.sources.lapsed.add(`${key.setId}/${key.sourceId}`);
}

const ports: Ports = {
  openRepositoryClient: () => {
    return { api: fakeRepositoryApi(repository), terminate: () => {}, onDied: new Promise<never>(() => {}) };
  },
  capabilities: {
    secureContext: true,
    folderPicker: true,
    folderInput: true,
    filePicker: true,
    folderObserver: true,
    notifications: true,
  },
  folders: {
    pick: async () => (await navigator.storage.getDirectory()).getDirectoryHandle("Rescued", { create: true }),
    pickFiles: async () => ({ kind: "files", name: "Files", folder }),
    fromDrop: async () => [
      { kind: "folder", name: "Documents", folder },
      { kind: "folder", name: "Photos", folder },
    ],
    fromInput: () => ({ kind: "folder", name: "Documents", folder }),
    permit: async () => true,
    readExcludeFile: async () => ["*.iso", "*.tmp"],
  },
  saveDownload: async (download) => {
    await download.start(new MessageChannel().port1);
  },
  downloadLimitBytes: async () => null,
  prepareFarewell: () => ({ say() {}, end() {} }),
  network: {
    isOnline: () => true,
    watch: (onChange) => {
      Object.assign(window, { setOnline: onChange });
      return () => {};
    },
  },
  proposeAddress: async () => "",
  isPageProtected: async () => true,
  ...ownPorts,
  device: { ...ownPorts.device, showTheme },
  examine: async () => prepared.rungs,
  shell: {
    ...ownPorts.shell,
    watchUpdates(onReady) {
      addEventListener("update-ready", onReady);
      return () => removeEventListener("update-ready", onReady);
    },
  },
};

const target = document.getElementById("app");
if (target === null) throw new Error("no #app");
mount(App, { target, props: { ports } });
