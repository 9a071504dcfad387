import { type Browser, launch, type Page } from "puppeteer-core";
import { backupText, runText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import type { Peer } from "../support/peers.ts";
import type { BackupRequest, EngineLocation } from "./engine.ts";
import { FirefoxFolderPicker, folderPickerArguments, folderPickerPreferences } from "./firefox-folder-picker.ts";

/** Deriving a key and a backup take their time on a busy machine. */
const patience = 120_000;

/** What the app tries once, to see that it is refused (platform/page-policy.ts); this browser calls refusals errors. */
const policyProbes = [/blocked assigning to an injection sink/, /page-policy-probe\.js/];

/** The built app in a headless Firefox of its own, on one repository. */
export class FirefoxApp {
  private readonly pageErrors: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly page: Page,
    private readonly picker: FirefoxFolderPicker,
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
    const browser = await launch({
      browser: "firefox",
      executablePath: program.path,
      headless: true,
      args: [...folderPickerArguments],
      extraPrefsFirefox: { ...folderPickerPreferences },
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(patience);
      const app = new FirefoxApp(browser, page, await FirefoxFolderPicker.of(browser));
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

  /** All that the page shows, for the word on a failure. */
  shownText(): Promise<string> {
    return this.page.evaluate(() => document.body.textContent ?? "");
  }

  close(): Promise<void> {
    return this.browser.close();
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

/** Accessible names of inputs are not asked for: a field with suggestions has another role than one without. */
function labelled(label: string): string {
  return `::-p-xpath(//input[@id = //label[normalize-space() = ${JSON.stringify(label)}]/@for])`;
}

function named(role: string, name: string): string {
  return `::-p-aria([name=${JSON.stringify(name)}][role="${role}"])`;
}
