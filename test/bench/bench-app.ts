import { backupText } from "../../src/ui/text/backup.ts";
import { checkText, trialText } from "../../src/ui/text/checks.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { jobsText } from "../../src/ui/text/jobs.ts";
import { runText } from "../../src/ui/text/run.ts";
import { saveText, wayTexts } from "../../src/ui/text/save.ts";
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
    // Nobody types so fast that the app's shell would still be being stored.
    await this.browser.run(shellStored, []);
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

  /** From the press on the newest snapshot to the first row of its folder. */
  async look(rootName: string): Promise<number> {
    const { seconds } = await this.browser.pressTimed({ selector: "a.snapshot", name: "" }, [rootName], "main a");
    return seconds;
  }

  /** From the press on a file's "Download" in the folder that look() has shown to the whole file, which goes with the browser. */
  async download(rootName: string, name: string): Promise<{ seconds: number; path: string }> {
    await this.enter(rootName);
    const button = filesText.downloadNamed(name);
    await this.browser.until(hasButton, [button]);
    const startMs = performance.now();
    const { path } = await this.browser.download(() => this.browser.press("button", button));
    return { seconds: (performance.now() - startMs) / 1000, path };
  }

  /**
   * Restores the folder that look() has shown into one of the disk. `planSeconds` is from the choice of the target until all
   * is looked up, `seconds` from the press on "Restore" to the word that all is written.
   */
  async restore(rootName: string, target: string): Promise<{ planSeconds: number; seconds: number }> {
    const { browser } = this;
    await this.enter(rootName);
    await browser.answerFolderPicker(target);
    await browser.press("button", filesText.saveAll);
    await browser.choose(wayTexts.folder.name);
    const choose = { selector: "dialog button", name: saveText.chooseFolder };
    const planned = await browser.pressTimed(choose, [saveText.start.folder], "dialog button:enabled");
    const { done, failed } = jobsText.restore;
    const seconds = await this.timed(saveText.start.folder, [done(rootName)], [failed(rootName)]);
    return { planSeconds: planned.seconds, seconds };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser[Symbol.asyncDispose]();
  }

  private async enter(rootName: string): Promise<void> {
    await this.browser.press("main a:not(:has(time))", rootName);
    await this.browser.until(hasButton, [filesText.saveAll]);
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

/** Runs in the page. */
function hasButton(name: string): boolean {
  const named = (one: HTMLElement) => one.getAttribute("aria-label") === name || one.textContent?.trim() === name;
  return [...document.querySelectorAll<HTMLElement>("button:enabled")].some(named);
}

/** Runs in the page. */
async function shellStored(): Promise<void> {
  await navigator.serviceWorker.ready;
}
