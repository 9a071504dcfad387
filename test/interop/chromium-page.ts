import type { Locator, Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { jobsText, resultText } from "../../src/ui/text/jobs.ts";
import { recoveryText } from "../../src/ui/text/recovery.ts";
import { runText } from "../../src/ui/text/run.ts";
import { saveText, wayTexts } from "../../src/ui/text/save.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { answerFolderPicker, dropFolder } from "../browser/fixture.ts";
import { type ReportLine, readLines } from "./chromium-report.ts";
import type { BackupRequest, EngineLocation } from "./engine.ts";
import type { HoldallRun, HoldallWriter, SavedSnapshot } from "./holdall-process.ts";

export interface ChromiumLocation extends EngineLocation {
  /** Where the app is served. */
  address: string;
  /** The snapshot files that are stored: the page shows the beginning of an id only. */
  snapshotIds(): Promise<string[]>;
}

/** What the app says after a restore. */
export interface RestoreReport {
  files: number;
  folders: number;
  renamed: ReportLine[];
  skipped: ReportLine[];
  failures: ReportLine[];
}

/** Deriving a key and a job take their time on a busy machine. */
const patience = { timeout: 120_000 };

/** The app's page on one repository, driven as a person does: by the names and roles of what is on it. */
export class ChromiumPage implements HoldallWriter {
  private opened: Promise<Page> | null = null;
  private readonly pageErrors: string[] = [];

  constructor(
    private readonly newPage: () => Promise<Page>,
    private readonly location: ChromiumLocation,
  ) {}

  create(formatVersion: 1 | 2): Promise<HoldallRun<null>> {
    return this.run("create", async (page) => {
      const { password } = this.location;
      await page.getByRole("button", { name: connectText.toCreate }).click();
      await this.typeLocation(page);
      await page.getByLabel(connectText.newPassword, { exact: true }).fill(password);
      await page.getByLabel(connectText.repeatPassword, { exact: true }).fill(password);
      await page.getByRole("radio", { name: connectText.formats[formatVersion].name }).check();
      await page.getByRole("button", { name: connectText.create, exact: true }).click();
      await page.getByRole("button", { name: recoveryText.done }).click(patience);
      await page.getByRole("heading", { name: snapshotsText.emptyTitle }).waitFor(patience);
      return null;
    });
  }

  open(): Promise<HoldallRun<null>> {
    return this.run("open", async (page) => {
      await this.typeLocation(page);
      await page.getByLabel(connectText.password, { exact: true }).fill(this.location.password);
      await page.getByRole("button", { name: connectText.open, exact: true }).click();
      await page.getByRole("heading", { name: snapshotsText.title, exact: true }).waitFor(patience);
      return null;
    });
  }

  /** Drops the folder on the page. The browser decides what of it there is to see. */
  backup({ sources, hostname }: BackupRequest): Promise<HoldallRun<SavedSnapshot>> {
    return this.run("back up", async (page) => {
      const [source, another] = sources;
      if (source === undefined || another !== undefined) throw new RangeError("one folder at a time");
      await this.go(page, frameText.backUp);
      await dropFolder(page, page.getByText(backupText.drop), source.path);
      const rootName = page.getByLabel(backupText.rootName, { exact: true });
      await rootName.fill(source.rootName);
      await page.getByLabel(backupText.host, { exact: true }).fill(hostname);
      await page.getByRole("button", { name: backupText.start }).click();
      const { rootName: name } = source;
      await ended(page, { good: runText.done(name), bad: [runText.failed(name), runText.cancelled(name)] });
      const lines = await readLines(page, runText.failures);
      return {
        snapshotId: await this.wholeId(snapshotOf(page.getByRole("link", { name: runText.browse }))),
        treeId: null,
        failures: lines.map(({ path, says }) => `${path}: ${says}`),
      };
    });
  }

  /** The ids of all snapshots that the page lists. */
  snapshots(): Promise<HoldallRun<string[]>> {
    return this.run("list", async (page) => {
      await this.go(page, frameText.snapshots);
      await page.getByRole("button", { name: snapshotsText.reload }).click();
      const links = page
        .getByRole("main")
        .getByRole("link")
        .filter({ has: page.getByRole("time") });
      await links.first().waitFor(patience);
      return Promise.all((await links.all()).map(async (link) => this.wholeId(snapshotOf(link))));
    });
  }

  /** Restores a whole snapshot into a folder of the disk, picked as a person picks it. */
  restore(snapshot: string, target: string): Promise<HoldallRun<RestoreReport>> {
    return this.run("restore", async (page) => {
      await this.go(page, frameText.snapshots);
      await this.linkOf(page, snapshot).click();
      await answerFolderPicker(page, target);
      await page.getByRole("button", { name: filesText.saveAll }).click(patience);
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("radio", { name: wayTexts.folder.name }).check();
      await dialog.getByRole("button", { name: saveText.chooseFolder }).click();
      await dialog.getByRole("button", { name: saveText.start.folder, exact: true }).click(patience);
      const text = jobsText.restore;
      const subject = jobsText.wholeSnapshot;
      await ended(page, { good: text.done(subject), bad: [text.failed(subject), text.cancelled(subject)] });
      return {
        files: await figure(page, resultText.files),
        folders: await figure(page, resultText.folders),
        renamed: await readLines(page, resultText.renamed),
        skipped: await readLines(page, resultText.skipped),
        failures: await readLines(page, resultText.failures),
      };
    });
  }

  /** Whatever goes wrong is the run's bad end, with what the page shows at that moment. */
  private async run<T>(what: string, work: (page: Page) => Promise<T>): Promise<HoldallRun<T>> {
    const command = `holdall in Chromium, ${what},`;
    try {
      this.opened ??= this.show();
      const result = await work(await this.opened);
      if (this.pageErrors.length === 0)
        return { command, exitCode: 0, outcome: "in Chromium: done", result, stderr: "" };
      return {
        command,
        exitCode: 1,
        outcome: "in Chromium: done with errors",
        result,
        stderr: this.pageErrors.join("\n"),
      };
    } catch (error) {
      const shown = await this.opened?.then(shownText, () => "no page");
      const stderr = [error instanceof Error ? error.stack : String(error), ...this.pageErrors, shown].join("\n");
      return { command, exitCode: 1, outcome: "in Chromium: failed", result: null, stderr };
    }
  }

  private async show(): Promise<Page> {
    const page = await this.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => this.pageErrors.push(error.message));
    await page.goto(this.location.address);
    return page;
  }

  private async typeLocation(page: Page): Promise<void> {
    const { url, login } = this.location;
    await page.getByLabel(connectText.address, { exact: true }).fill(url);
    if (login === null) return;
    await page.getByLabel(connectText.username, { exact: true }).fill(login.username);
    await page.getByLabel(connectText.serverPassword, { exact: true }).fill(login.password);
  }

  private async go(page: Page, place: string): Promise<void> {
    await page.getByRole("navigation", { name: frameText.navigation }).getByRole("link", { name: place }).click();
  }

  private linkOf(page: Page, snapshot: string): Locator {
    return page
      .getByRole("main")
      .getByRole("link")
      .and(page.locator(`[href*="/s/${snapshot.slice(0, shownLength)}"]`));
  }

  private async wholeId(shown: Promise<string>): Promise<string> {
    const start = await shown;
    const [id, another] = (await this.location.snapshotIds()).filter((stored) => stored.startsWith(start));
    if (id === undefined || another !== undefined) throw new Error(`no one snapshot file begins with ${start}`);
    return id;
  }
}

/** So many digits of a snapshot's id are in the address of its page. */
const shownLength = 16;

async function snapshotOf(link: Locator): Promise<string> {
  const href = (await link.getAttribute("href")) ?? "";
  const [, start] = /\/s\/([0-9a-f]{16,})$/.exec(href) ?? [];
  if (start === undefined) throw new Error(`no snapshot at ${href}`);
  return start;
}

/** Waits for a job's end, whichever it is. */
async function ended(page: Page, { good, bad }: { good: string; bad: readonly string[] }): Promise<void> {
  const heading = (name: string) => page.getByRole("heading", { name, exact: true });
  const anyEnd = bad.reduce((found, name) => found.or(heading(name)), heading(good));
  await anyEnd.waitFor(patience);
  if (!(await heading(good).isVisible())) throw new Error(`the job did not end with "${good}"`);
}

/** The value beside a name in a result. */
async function figure(page: Page, name: string): Promise<number> {
  const term = page.getByRole("term").getByText(name, { exact: true });
  const value = page.locator("dl > div").filter({ has: term }).getByRole("definition").first();
  return Number(((await value.textContent()) ?? "").replaceAll(/\D/g, ""));
}

function shownText(page: Page): Promise<string> {
  const shown = page.locator("body").ariaSnapshot({ timeout: 5_000 });
  return shown.then(
    (text) => `on the page:\n${text}`,
    () => "nothing on the page",
  );
}
