import { installTrustedTypes } from "./platform/trusted-types.ts";

// Before anything can start a worker.
installTrustedTypes();

import { mount } from "svelte";
import { AppShell } from "./platform/app-shell.ts";
import { detectCapabilities } from "./platform/capabilities.ts";
import { connectivity, watchConnectivity } from "./platform/connectivity.ts";
import { defaultSettings } from "./platform/device-memory.ts";
import { loadDeviceMemory, updateDeviceMemory } from "./platform/device-store.ts";
import { wipeDevice } from "./platform/device-wipe.ts";
import { downloadLimitBytes, saveDownload, saveText } from "./platform/download.ts";
import { folderStats } from "./platform/dropped-folders.ts";
import { watchFolders } from "./platform/folder-observer.ts";
import { folderFromInput, foldersFromDrop, permitFolder, pickFolder } from "./platform/folder-pick.ts";
import { proposeAddress } from "./platform/home-server.ts";
import { forgetHandles, KeptHandles } from "./platform/kept-handles.ts";
import { prepareFarewell } from "./platform/lock-farewell.ts";
import { pickFiles } from "./platform/loose-files.ts";
import { notifier } from "./platform/notifier.ts";
import { offlineCopies } from "./platform/offline-copies.ts";
import { removeOfflineStore } from "./platform/offline-store.ts";
import { isPageProtected } from "./platform/page-policy.ts";
import { readPastedAddress } from "./platform/pasted-address.ts";
import { registerServiceWorker } from "./platform/service-worker.ts";
import { forgetSets } from "./platform/set-store.ts";
import { persistStorage, storageUse } from "./platform/storage-use.ts";
import { showTheme } from "./platform/theme.ts";
import { keepAwake } from "./platform/wake-lock.ts";
import App from "./ui/App.svelte";
import type { Ports } from "./ui/ports.ts";
import "./ui/styles/base.css";
import { openRepositoryClient } from "./workers/client.ts";

const serviceWorker = registerServiceWorker();
const shell = new AppShell();
// Before the first paint, so that nothing changes under the user's eyes.
const loading = loadDeviceMemory();
const remembered = await loading.soon;
// On a device of one's own the shell may be missing: it was refused before, or taken away by the browser.
void (remembered === null ? shell.resume() : shell.install());
showTheme(remembered?.settings.theme ?? defaultSettings.theme);

const ports: Ports = {
  openRepositoryClient: () => openRepositoryClient(folderStats),
  capabilities: detectCapabilities(),
  folders: {
    pick: pickFolder,
    pickFiles,
    fromDrop: foldersFromDrop,
    fromInput: folderFromInput,
    permit: permitFolder,
    readExcludeFile: async (file) => (await import("./platform/exclude-file.ts")).readExcludeFile(file),
  },
  keepAwake,
  notifier,
  openSources: (repositoryId, isMine) => new KeptHandles(repositoryId, isMine),
  watchFolders,
  saveDownload: (download) => saveDownload(download, serviceWorker),
  downloadLimitBytes: () => downloadLimitBytes(serviceWorker),
  prepareFarewell,
  network: { isOnline: connectivity.isOnline, watch: watchConnectivity },
  isPageProtected,
  shell,
  proposeAddress,
  readAddress: readPastedAddress,
  device: {
    remembered,
    rememberedLate: loading.late,
    defaults: defaultSettings,
    update: updateDeviceMemory,
    copies: offlineCopies,
    forgetCopy: removeOfflineStore,
    forgetSets: async (repositoryId) => {
      await forgetHandles(repositoryId);
      await forgetSets(repositoryId);
    },
    wipe: wipeDevice,
    storage: storageUse,
    persist: persistStorage,
    showTheme,
  },
  // Wanted only when something went wrong.
  examine: async (patient, context) => {
    const { browserDoctor } = await import("./platform/browser-doctor.ts");
    return browserDoctor(async () => (await serviceWorker.active()) !== null)(patient, context);
  },
  saveText,
  version: __APP_VERSION__,
};

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app");
mount(App, { target, props: { ports } });
