import { mount } from "svelte";
import App from "../../../src/ui/App.svelte";
import type { Ports } from "../../../src/ui/ports.ts";
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
}
const prepared: Prepared = Object.assign(
  { memory: null, copies: [], rungs: [] },
  Reflect.get(window, "prepared") as Partial<Prepared> | undefined,
);
const device = new FakeDevice(prepared.memory);
device.copies = new Map(prepared.copies);
const ownPorts = device.ports();

const folder: FolderPick = { kind: "files", files: [], emptyFolders: [], unreadable: [] };

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
  },
  saveDownload: async (download) => {
    await download.start(new MessageChannel().port1);
  },
  downloadLimitBytes: async () => null,
  removeLocksOnLeaving: () => () => {},
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
