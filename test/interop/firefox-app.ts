import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, launch, type Page } from "puppeteer-core";
import { backupText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { runText } from "../../src/ui/text/run.ts";
import { saveText } from "../../src/ui/text/save.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import type { Peer } from "../support/peers.ts";
import type { BackupRequest, EngineLocation } from "./engine.ts";
import { FirefoxFolderPicker, folderPickerArguments, folderPickerPreferences } from "./firefox-folder-picker.ts";

/** Deriving a key and a backup take their time on a busy machine. */
const patience = 120_000;
const betweenLooksMs = 200;

/** What the app tries once, to see that it is refused (platform/page-policy.ts); this browser calls refusals errors. */
const policyProbes = [/blocked assigning to an injection sink/, /page-policy-probe\.js/];

/** The built app in a headless Firefox of its own, on one repository. */
export class FirefoxApp {
  private readonly pageErrors: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly page: Page,
    private readonly picker: FirefoxFolderPicker,
    private readonly downloads: string,
  ) {
    const refusals = [...policyProbes];
    page.on("pageerror", (error) => {
      const text = String(error);
      const expected = refusals.findIndex((pattern) => pattern.test(text));
      if (expected < 0) this.pageErrors.push(text);
      else refusals.splice(expected, 1);
    });
  }

  static async start(program: Peer, address: string): Promise<FirefoxApp> {
    const downloads = await mkdtemp(join(tmpdir(), "holdall-firefox-downloads-"));
    const browser = await launch({
      browser: "firefox",
      executablePath: program.path,
      headless: true,
      timeout: patience,
      defaultViewport: { width: 1280, height: 800 },
      args: [...folderPickerArguments],
      extraPrefsFirefox: { ...folderPickerPreferences, ...downloadPreferences(downloads) },
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(patience);
      const app = new FirefoxApp(browser, page, await FirefoxFolderPicker.of(browser), downloads);
      await page.goto(address);
      return app;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  async open({ url, login, password }: EngineLocation): Promise<void> {
    await this.type(connectText.address, url);
    if (login !== null) {
      await this.type(connectText.username, login.username);
      await this.type(connectText.serverPassword, login.password);
    }
    await this.type(connectText.password, password);
    await this.click("button", connectText.open);
    await this.see(snapshotsText.title);
  }

  /** Chooses the folder with the page's own input. The browser decides what of it there is to see. */
  async backup({ sources, hostname }: BackupRequest): Promise<void> {
    const [source, another] = sources;
    if (source === undefined || another !== undefined) throw new RangeError("one folder at a time");
    await this.click("link", frameText.backUp);
    await this.picker.answerWith(source.path);
    await this.page.locator("input[webkitdirectory]").setVisibility(null).click();
    await this.picker.confirmUpload();
    await this.type(backupText.rootName, source.rootName);
    await this.type(backupText.host, hostname);
    await this.click("button", backupText.start);
    await this.see(runText.done(source.rootName));
    if (this.pageErrors.length > 0) throw new Error(this.pageErrors.join("\n"));
  }

  /** Opens the only snapshot's only folder. */
  async browse(folder: string): Promise<void> {
    await this.page.locator("main a:has(time)").click();
    await this.click("link", folder);
    await this.page.locator(named("button", filesText.saveAll)).wait();
  }

  /** Downloads a file of the folder that is shown; resolves to where it is when it is whole. */
  async downloadFile(name: string): Promise<string> {
    await this.click("button", filesText.downloadNamed(name));
    return this.downloaded((file) => file === name);
  }

  /** Saves the folder that is shown as a ZIP. */
  async downloadZip(): Promise<string> {
    await this.click("button", filesText.saveAll);
    await this.click("button", saveText.start.zip);
    return this.downloaded((file) => file.endsWith(".zip"));
  }

  /** All that the page shows, for the word on a failure. */
  shownText(): Promise<string> {
    return this.page.evaluate(() => document.body.textContent ?? "");
  }

  async close(): Promise<void> {
    await this.browser.close();
    await rm(this.downloads, { recursive: true, force: true });
  }

  /** Firefox takes the name at once, with nothing in it, and writes to another that ends in ".part". */
  private async downloaded(isWanted: (file: string) => boolean): Promise<string> {
    const deadline = Date.now() + patience;
    for (;;) {
      const present = await readdir(this.downloads);
      const found = present.find(isWanted);
      const isWhole = found !== undefined && !present.some((file) => file.endsWith(".part"));
      if (isWhole && (await stat(join(this.downloads, found))).size > 0) return join(this.downloads, found);
      if (Date.now() > deadline) throw new Error(`the download did not come; there is: ${present.join(", ")}`);
      await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
    }
  }

  private async type(label: string, text: string): Promise<void> {
    await this.page.locator(labelled(label)).fill(text);
  }

  private async click(role: string, name: string): Promise<void> {
    await this.page.locator(named(role, name)).click();
  }

  private async see(heading: string): Promise<void> {
    await this.page.locator(named("heading", heading)).wait();
  }
}

function downloadPreferences(folder: string): Record<string, unknown> {
  return {
    "browser.download.folderList": 2,
    "browser.download.dir": folder,
    "browser.download.useDownloadDir": true,
    "browser.download.always_ask_before_handling_new_types": false,
  };
}

/** Accessible names of inputs are not asked for: a field with suggestions has another role than one without. */
function labelled(label: string): string {
  return `::-p-xpath(//input[@id = //label[normalize-space() = ${JSON.stringify(label)}]/@for])`;
}

function named(role: string, name: string): string {
  return `::-p-aria([name=${JSON.stringify(name)}][role="${role}"])`;
}
