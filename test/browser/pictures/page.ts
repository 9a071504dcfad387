import { mount } from "svelte";
import App from "../../../src/ui/App.svelte";
import type { Ports } from "../../../src/ui/ports.ts";
import "../../../src/ui/styles/base.css";
import type { FolderPick } from "../../../src/workers/repository-api.ts";
import { fakeRepositoryApi } from "../../support/fake-repository-api.ts";
import { noShell } from "../../support/no-shell.ts";
import { preparedRepository } from "./repository.ts";

/** The app on a prepared repository. The picture taker changes `window.repository` before it opens it. */
const repository = preparedRepository(Date.now());
Object.assign(window, { repository });

const folder: FolderPick = { kind: "files", files: [], emptyFolders: [], unreadable: [] };

const ports: Ports = {
  openRepositoryClient: () => {
    return { api: fakeRepositoryApi(repository), terminate: () => {}, onDied: new Promise<never>(() => {}) };
  },
  capabilities: { secureContext: true, folderPicker: true, folderInput: true },
  folders: {
    pick: async () => (await navigator.storage.getDirectory()).getDirectoryHandle("Rescued", { create: true }),
    fromDrop: async () => [
      { name: "Documents", folder },
      { name: "Photos", folder },
    ],
    fromInput: () => ({ name: "Documents", folder }),
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
  shell: {
    ...noShell,
    watchUpdates(onReady) {
      addEventListener("update-ready", onReady);
      return () => removeEventListener("update-ready", onReady);
    },
  },
};

const target = document.getElementById("app");
if (target === null) throw new Error("no #app");
mount(App, { target, props: { ports } });
