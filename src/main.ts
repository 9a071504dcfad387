import { installTrustedTypes } from "./platform/trusted-types.ts";

// Before anything can start a worker.
installTrustedTypes();

import { mount } from "svelte";
import { AppShell } from "./platform/app-shell.ts";
import { detectCapabilities } from "./platform/capabilities.ts";
import { connectivity, watchConnectivity } from "./platform/connectivity.ts";
import { downloadLimitBytes, saveDownload } from "./platform/download.ts";
import { folderFromInput, foldersFromDrop, pickFolder } from "./platform/folder-pick.ts";
import { proposeAddress } from "./platform/home-server.ts";
import { removeLocksOnLeaving } from "./platform/lock-farewell.ts";
import { isPageProtected } from "./platform/page-policy.ts";
import { registerServiceWorker } from "./platform/service-worker.ts";
import App from "./ui/App.svelte";
import type { Ports } from "./ui/ports.ts";
import "./ui/styles/base.css";
import { openRepositoryClient } from "./workers/client.ts";

const serviceWorker = registerServiceWorker();
const shell = new AppShell();
void shell.resume();

const ports: Ports = {
  openRepositoryClient,
  capabilities: detectCapabilities(),
  folders: { pick: pickFolder, fromDrop: foldersFromDrop, fromInput: folderFromInput },
  saveDownload: (download) => saveDownload(download, serviceWorker),
  downloadLimitBytes: () => downloadLimitBytes(serviceWorker),
  removeLocksOnLeaving,
  network: { isOnline: connectivity.isOnline, watch: watchConnectivity },
  isPageProtected,
  shell,
  proposeAddress,
};

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no #app");
mount(App, { target, props: { ports } });
