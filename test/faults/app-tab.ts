import type { Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { runText } from "../../src/ui/text/run.ts";
import type { BackupResult } from "../../src/workers/repository-api.ts";
import { DrivenWorker, giveFolder, WorkerError } from "../browser/driven-worker.ts";
import { slow, startBackup, typeLocation, unlock } from "../browser/steps.ts";
import { backupRequest } from "../support/backup-request.ts";
import type { AppBench } from "./app-bench.ts";
import type { Site } from "./fault-world.ts";
import { connections, hostname, packSizeBytes, password, rootName } from "./sizes.ts";

/** How a backup of the app ended. */
export interface AppRun {
  /** "stored", the code of an error, "failed" where a screen says so, "killed" if nobody is left to say. */
  ended: string;
  result: BackupResult | null;
}

/** A page of the app that has the repository open. */
export interface AppTab {
  readonly page: Page;
  /** Backs a folder of the disk up, dropped on the page as a person does. Never rejects. */
  backUp(source: string): Promise<AppRun>;
}

/** A page of the app whose repository worker is called as the screens call it. */
export class WorkerTab implements AppTab {
  private constructor(
    readonly page: Page,
    private readonly worker: DrivenWorker,
  ) {}

  static async open(bench: AppBench, site: Site): Promise<WorkerTab> {
    const page = await (await bench.browser()).page(bench.address);
    return new WorkerTab(page, await openWorker(page, site));
  }

  /** The same page with a new worker, after the old one has died. */
  async reopen(site: Site): Promise<WorkerTab> {
    return new WorkerTab(this.page, await openWorker(this.page, site));
  }

  async backUp(source: string): Promise<AppRun> {
    try {
      const handle = await giveFolder(this.page, source);
      const sources = [{ rootName, folder: { kind: "handle", handle }, addsToParent: false }];
      const result = await this.worker.call("backup", { ...backupRequest({ hostname, packSizeBytes }), sources });
      return { ended: result.outcome, result };
    } catch (error) {
      return { ended: error instanceof WorkerError ? error.code : "killed", result: null };
    }
  }

  /** Ends the worker as a crash does; calls to it never end. */
  async killWorker(): Promise<void> {
    await this.page.evaluate(() => (Reflect.get(window, "drivenWorker") as Worker).terminate());
  }
}

async function openWorker(page: Page, site: Site): Promise<DrivenWorker> {
  const worker = await DrivenWorker.start(page);
  const location = { kind: "rest", url: `${site.server}${site.name}/`, login: null, connections };
  await worker.call("open", { location, password, keep: { kind: "device", budgetBytes: 1 << 24 } });
  return worker;
}

/** The app as a person uses it, on a device that keeps nothing. */
export class ScreenTab implements AppTab {
  private constructor(readonly page: Page) {}

  static async open(bench: AppBench, site: Site): Promise<ScreenTab> {
    const tab = new ScreenTab(await (await bench.browser()).page(bench.address));
    await tab.unlock(bench, site);
    return tab;
  }

  /** Loads the page anew, in the midst of whatever it does, and opens the repository again. */
  async reload(bench: AppBench, site: Site): Promise<ScreenTab> {
    await this.page.reload();
    await this.unlock(bench, site);
    return new ScreenTab(this.page);
  }

  async backUp(source: string): Promise<AppRun> {
    const { page } = this;
    const heading = (name: string) => page.getByRole("heading", { name, exact: true });
    try {
      await startBackup(page, source, hostname);
      const done = heading(runText.done(rootName));
      await done.or(heading(runText.failed(rootName))).waitFor(slow);
      return { ended: (await done.isVisible()) ? "stored" : "failed", result: null };
    } catch {
      return { ended: "killed", result: null };
    }
  }

  private async unlock({ address }: AppBench, { name }: Site): Promise<void> {
    const { page } = this;
    const server = { address, login: { user: "", password: "" }, resticLocation: () => "" };
    await typeLocation(page, server, name);
    await unlock(page, password);
    const navigation = page.getByRole("navigation", { name: frameText.navigation });
    await navigation.getByRole("link", { name: frameText.backUp }).click(slow);
    await page.getByText(backupText.drop).waitFor(slow);
  }
}
