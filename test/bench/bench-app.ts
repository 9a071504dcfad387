import { backupText } from "../../src/ui/text/backup.ts";
import { checkText, trialText } from "../../src/ui/text/checks.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { BareBrowser } from "../browser/bare-browser.ts";
import type { Peer } from "../support/peers.ts";

/** The built app in a browser of its own, used as a person does. Seconds are by the page's own clock. */
export class BenchApp implements AsyncDisposable {
  private constructor(readonly browser: BareBrowser) {}

  static async start(program: Peer, address: string): Promise<BenchApp> {
    return new BenchApp(await BareBrowser.start(program.path, address));
  }

  /** From the press on "Open" to the list of snapshots. The device is the user's own, as one that is backed up is. */
  async open(repositoryUrl: string, password: string): Promise<number> {
    await this.browser.choose(deviceText.mine);
    await this.browser.type(connectText.address, repositoryUrl);
    await this.browser.type(connectText.password, password);
    return this.timed(connectText.open, [snapshotsText.title, snapshotsText.emptyTitle], []);
  }

  /** From the same press until the index is no longer being read. To be called after open(). */
  indexed(): Promise<number> {
    return this.browser.gone("h1 ~ [role=status]");
  }

  /** From the press on "Back up" to the word that all is stored and was read back. */
  async backUp(folder: string, rootName: string): Promise<number> {
    const { browser } = this;
    await browser.press("nav a", frameText.backUp);
    await browser.drop(backupText.drop, folder);
    await browser.type(backupText.rootName, rootName);
    await browser.type(backupText.host, "bench");
    return this.timed(backupText.start, [runText.done(rootName)], [runText.failed(rootName)]);
  }

  /** From the press on "Read and check all data" to the word that all of it is sound. */
  async checkData(): Promise<number> {
    await this.browser.press("nav a", connectText.settings);
    return this.timed(
      checkText.start,
      [checkText.done(checkText.subject)],
      [checkText.failed(checkText.subject), checkText.found(checkText.subject)],
    );
  }

  /** From the press on "Try a restore", for the newest snapshot, to the word that all of it can be read. */
  async tryRestore(): Promise<number> {
    await this.browser.press(`button[title="${snapshotsText.details}"]`, "");
    return this.timed(trialText.start, [trialText.good], [trialText.bad], "main p");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
  }

  /** From the press on the newest snapshot to the first row of its folder. */
  async look(rootName: string): Promise<number> {
    const { seconds } = await this.browser.pressTimed({ selector: "a.snapshot", name: "" }, [rootName], "main a");
    return seconds;
  }

  /** Presses a button and waits for a heading, or something else that says one of the texts. Throws for a bad one. */
  private async timed(
    button: string,
    good: readonly string[],
    bad: readonly string[],
    among?: string,
  ): Promise<number> {
    const pressed = { selector: "button", name: button };
    await this.browser.until((wanted) => document.body?.textContent.includes(wanted) === true, [button]);
    const { seconds, text } = await this.browser.pressTimed(pressed, [...good, ...bad], among);
    if (bad.includes(text)) throw new Error(`the app says "${text}": ${await this.browser.text()}`);
    return seconds;
  }
}
