import { rm } from "node:fs/promises";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { DrivenWorker, giveFolder, type KeptFolder } from "../browser/driven-worker.ts";
import { makeProfile } from "../browser/fixture.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import type { Peer } from "../support/peers.ts";

/** A Chromium of its own with one page of the app, whose repository worker is called as the screens call it. */
export class ConnectionTab implements AsyncDisposable {
  private constructor(
    private readonly context: BrowserContext,
    private readonly profile: string,
    readonly page: Page,
    readonly worker: DrivenWorker,
  ) {}

  static async start(program: Peer, address: string): Promise<ConnectionTab> {
    const profile = await makeProfile();
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: program.path,
      ...headlessChromium,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    // tsx gives the inner functions of what is evaluated in the page their names by a function of its own.
    await page.addInitScript("globalThis.__name = (named) => named");
    await page.goto(address);
    return new ConnectionTab(context, profile, page, await DrivenWorker.start(page));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A folder of the disk, as it is dropped on the page. */
  folder(path: string): Promise<KeptFolder> {
    return giveFolder(this.page, path);
  }

  /** An empty folder of the browser's own, to restore into. */
  async emptyFolder(): Promise<KeptFolder> {
    const name = "restored";
    await this.page.evaluate(async (folder) => {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry(folder, { recursive: true }).catch(() => {});
      const handle = await root.getDirectoryHandle(folder, { create: true });
      const kept = Reflect.get(window, "keptFolders") ?? {};
      Object.assign(window, { keptFolders: Object.assign(kept, { [folder]: handle }) });
    }, name);
    return { keptFolder: name };
  }
}
