import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, test as base, chromium, type Locator, type Page } from "@playwright/test";
import { trustTestCertificate } from "../support/front-servers.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import { awaitFolderDrop, dropPlaceText } from "./folder-drop.ts";
import { grantFolders } from "./folder-permissions.ts";

/** What `npm start` runs, after the build: the server's own bundle, in a process of its own, on a data folder of its own. */
export interface StartedServer {
  /** With a slash at the end. */
  address: string;
  login: { user: string; password: string };
  /** `rest:` location for restic, login included. */
  resticLocation(repository: string): string;
}

interface ServerProcess {
  server: StartedServer;
  stop(): Promise<void>;
}

interface Fixtures {
  /** An empty folder on the disk, removed after the test. */
  workFolder: string;
  /** False: a folder may be read until the page is reloaded, and then the browser would ask again. */
  keepsFolders: boolean;
  /** More of the server's command line. */
  serverOptions: readonly string[];
  /** Where the server keeps its repositories, by name. */
  dataFolder: string;
  /** The server, for tests that end it before they end. */
  serverProcess: ServerProcess;
  server: StartedServer;
  context: BrowserContext;
  page: Page;
}

/** Chromium with a fresh profile in which folder permissions are granted, and a server with a fresh data folder. */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of a fixture's needs from this pattern.
  workFolder: async ({}, use) => {
    const folder = await makeTemporaryFolder("work");
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },

  keepsFolders: [true, { option: true }],

  serverOptions: [[], { option: true }],

  // biome-ignore lint/correctness/noEmptyPattern: as above.
  dataFolder: async ({}, use) => {
    const folder = await makeTemporaryFolder("data");
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },

  serverProcess: async ({ serverOptions, dataFolder }, use) => {
    const started = await startServer(dataFolder, serverOptions);
    await use(started);
    await started.stop();
  },

  server: async ({ serverProcess }, use) => use(serverProcess.server),

  context: async ({ server, keepsFolders, locale, colorScheme, viewport }, use) => {
    const peer = requirePeer("chromium");
    test.skip(peer === null, "no Chromium on this machine");
    const profile = await makeProfile(keepsFolders);
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: peer?.path ?? "",
      headless: true,
      baseURL: server.address,
      args: [...headlessChromium.args, trustTestCertificate],
      ...(locale === undefined ? {} : { locale }),
      colorScheme,
      viewport,
    });
    await use(context);
    await context.close();
    await rm(profile, { recursive: true, force: true });
  },

  page: async ({ context }, use) => {
    await use(context.pages()[0] ?? (await context.newPage()));
  },
});

export { expect } from "@playwright/test";

/** Drops a folder of the disk onto a place of the page, as a person does with the mouse. */
export async function dropFolder(page: Page, target: Locator, folder: string): Promise<void> {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (box === null) throw new Error("the place to drop on is not visible");
  await dropAt(page, { x: box.x + box.width / 2, y: box.y + box.height / 2 }, folder);
}

/**
 * Makes the page's next folder pickers give this folder of the disk. The handle is a real one, taken from a real drop; only the
 * browser's dialog, which no headless browser has, is replaced. Gone after a reload. To be called while the page shows no
 * modal dialog: behind one nothing can be dropped on.
 */
export async function answerFolderPicker(page: Page, folder: string): Promise<void> {
  const handle = await page.evaluateHandle(awaitFolderDrop, dropPlaceText);
  await dropAt(page, { x: 10, y: 10 }, folder);
  await handle.evaluate(({ dropped }) => dropped);
  await handle.dispose();
}

/** Playwright has no drag of files from outside the page; the protocol underneath has. */
async function dropAt(page: Page, place: { x: number; y: number }, folder: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, ...place, data });
  }
  await session.detach();
}

/** A profile that grants read and write access to folders, which nobody could answer for in a headless browser. */
export async function makeProfile(keepsFolders = true): Promise<string> {
  const profile = await makeTemporaryFolder("profile");
  await grantFolders(profile, keepsFolders);
  return profile;
}

async function startServer(dataFolder: string, options: readonly string[]): Promise<ServerProcess> {
  const program = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "--data", dataFolder, "--listen", "127.0.0.1:0", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const greeting = await readGreeting(child);
  const address = /Holdall is at (\S+)/.exec(greeting)?.[1] ?? "";
  const user = /user +(\S+)/.exec(greeting)?.[1] ?? "";
  const password = /password +(\S+)/.exec(greeting)?.[1] ?? "";
  const server: StartedServer = {
    address,
    login: { user, password },
    resticLocation: (repository) => `rest:${address.replace("://", `://${user}:${password}@`)}repos/${repository}/`,
  };
  return { server, stop: () => stop(child) };
}

/** All that the server says before it waits for requests. */
async function readGreeting(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const part of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(part);
    if (/password +\S+\n/.test(text)) return text;
  }
  throw new Error(`the server ended before it was up: ${text}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function makeTemporaryFolder(purpose: string): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), `holdall-browser-${purpose}-`)));
}
