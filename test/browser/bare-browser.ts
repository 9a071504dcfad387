import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { headlessChromium } from "../support/headless-chromium.ts";
import { callText } from "./call-text.ts";
import { awaitFolderDrop, dropPlaceText } from "./folder-drop.ts";
import { grantFolders } from "./folder-permissions.ts";

const betweenLooksMs = 100;
/** The longest that a job may take. */
const jobPatienceMs = 20 * 60_000;

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
  sessionId?: string;
}

/** An event of Chromium's trace format; times are microseconds. */
export interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** On the clock, and of the processor. */
  dur?: number;
  tdur?: number;
  args?: Record<string, unknown>;
}

export interface FinishedDownload {
  path: string;
  name: string;
}

/**
 * Chromium with one page, driven by the few words of its protocol that are needed. Playwright has the browser watch each
 * worker's network, and then its inspector keeps up to 200 MB of what the workers fetch: no measure of memory can be taken.
 */
export class BareBrowser implements AsyncDisposable {
  private readonly calls = new Map<number, (message: Message) => void>();
  private readonly listeners = new Set<(message: Message) => void>();
  private lastCall = 0;
  private pageSession = "";

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    void this.listen();
  }

  static async start(program: string, address: string): Promise<BareBrowser> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-bare-browser-")));
    await mkdir(join(folder, "downloads"));
    await grantFolders(join(folder, "profile"));
    const child = spawn(program, [...switches, `--user-data-dir=${join(folder, "profile")}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const browser = new BareBrowser(child, folder);
    await browser.openPage(address);
    return browser;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Asks the page until it says yes. The function sees nothing of what is around it here but its arguments. */
  async until<Arguments extends string[]>(
    condition: (...given: Arguments) => boolean,
    given: Arguments,
    patienceMs = 90_000,
  ): Promise<void> {
    const expression = callText(condition, given);
    const deadline = Date.now() + patienceMs;
    while ((await this.evaluate(expression)) !== true) {
      if (Date.now() > deadline)
        throw new Error(`the page never said yes to ${expression}; it shows: ${await this.text()}`);
      await new Promise((resolve) => setTimeout(resolve, betweenLooksMs));
    }
  }

  /** Types into the field with this label. */
  async type(label: string, text: string): Promise<void> {
    const found = (wantedLabel: string, newText: string) => {
      const labels = [...document.querySelectorAll("label")];
      const control = labels.find((one) => one.textContent?.trim().startsWith(wantedLabel))?.control;
      if (!(control instanceof HTMLInputElement)) return false;
      control.value = newText;
      return control.dispatchEvent(new Event("input", { bubbles: true }));
    };
    await this.until(found, [label, text]);
  }

  /** Chooses the radio button or box with this label. */
  async choose(label: string): Promise<void> {
    const found = (wantedLabel: string) => {
      const labels = [...document.querySelectorAll("label")];
      const control = labels.find((one) => one.textContent?.trim().startsWith(wantedLabel))?.control;
      control?.click();
      return control !== undefined && control !== null;
    };
    await this.until(found, [label]);
  }

  /** Presses the first link or button of that name which can be pressed. */
  async press(selector: string, name: string, patienceMs?: number): Promise<void> {
    const found = (wantedSelector: string, wantedName: string) => {
      const controls = [
        ...document.querySelectorAll<HTMLElement>(`:is(${wantedSelector}):enabled, a:is(${wantedSelector})`),
      ];
      const names = (one: HTMLElement) => [one.getAttribute("aria-label"), one.textContent?.trim()];
      const control = controls.find((one) => wantedName === "" || names(one).includes(wantedName));
      control?.click();
      return control !== undefined;
    };
    await this.until(found, [selector, name], patienceMs);
  }

  /**
   * Presses a control (the first of that name, or the first if the name is empty) and waits until one of these texts is
   * there, by the page's own clock: no look at the page from here disturbs or delays it. What the text says is for the
   * caller to judge.
   */
  async pressTimed(
    { selector, name }: { selector: string; name: string },
    texts: readonly string[],
    among = "h1, h2, h3",
  ): Promise<{ seconds: number; text: string }> {
    await this.until((wanted) => document.querySelector(wanted) !== null, [selector]);
    const expression = callText(pressAndWait, [selector, name, texts, among, jobPatienceMs]);
    const timed = (await this.evaluate(expression)) as { seconds: number; text: string } | null;
    if (timed !== null) return timed;
    throw new Error(`none of ${texts.join(", ")} came; the page shows: ${await this.text()}`);
  }

  /** Seconds from the last timed press until nothing matches the selector any more. */
  async gone(selector: string): Promise<number> {
    const expression = callText(waitUntilGone, [selector, jobPatienceMs]);
    const seconds = (await this.evaluate(expression)) as number | null;
    if (seconds !== null) return seconds;
    throw new Error(`${selector} stayed; the page shows: ${await this.text()}`);
  }

  /** Drops a folder of the disk onto the place that says this text, as a person does with the mouse. */
  async drop(text: string, folder: string): Promise<void> {
    await this.until((wanted) => document.body?.textContent.includes(wanted) === true, [text]);
    const place = (await this.evaluate(callText(middleOf, [text]))) as { x: number; y: number };
    const data = { items: [], files: [folder], dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await this.call("Input.dispatchDragEvent", { type, ...place, data }, this.pageSession);
    }
  }

  /** Lets the page's folder picker hand out this folder of the disk, from now on. */
  async answerFolderPicker(folder: string): Promise<void> {
    await this.run(awaitFolderDrop, [dropPlaceText]);
    await this.drop(dropPlaceText, folder);
  }

  /** The answer of a function that runs in the page and sees nothing of what is around it here but its arguments. */
  async run<Arguments extends unknown[], Answer>(
    called: (...given: Arguments) => Answer,
    given: Arguments,
  ): Promise<Awaited<Answer>> {
    return (await this.evaluate(callText(called, given))) as Awaited<Answer>;
  }

  /** The browser's own process; all others are its children. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Starts a download and waits for its end; rejects if the browser says that it failed. */
  async download(start: () => Promise<void>): Promise<FinishedDownload> {
    let name = "";
    let listener: (message: Message) => void = () => {};
    const finished = new Promise<FinishedDownload>((resolve, reject) => {
      listener = ({ method, params = {} }) => {
        const { guid, state, suggestedFilename } = params;
        if (method === "Browser.downloadWillBegin") name = String(suggestedFilename);
        if (method !== "Browser.downloadProgress") return;
        if (state === "completed") resolve({ path: join(this.folder, "downloads", String(guid)), name });
        if (state === "canceled") reject(new Error(`the download ${name} failed`));
      };
    });
    this.listeners.add(listener);
    try {
      await start();
      return await finished;
    } finally {
      this.listeners.delete(listener);
    }
  }

  /** What all threads of the browser's processes do while `work` runs: their tasks, by name. */
  async trace(work: () => Promise<void>): Promise<TraceEvent[]> {
    const events: TraceEvent[] = [];
    let listener: (message: Message) => void = () => {};
    const complete = new Promise<void>((resolve) => {
      listener = ({ method, params = {} }) => {
        if (method === "Tracing.dataCollected") events.push(...(params["value"] as TraceEvent[]));
        if (method === "Tracing.tracingComplete") resolve();
      };
    });
    this.listeners.add(listener);
    try {
      const includedCategories = ["toplevel", "disabled-by-default-devtools.timeline"];
      await this.send("Tracing.start", { traceConfig: { includedCategories, excludedCategories: ["*"] } });
      await work();
      await this.send("Tracing.end", {});
      await complete;
      return events;
    } finally {
      this.listeners.delete(listener);
    }
  }

  private async openPage(address: string): Promise<void> {
    await this.send("Browser.setDownloadBehavior", {
      behavior: "allowAndName",
      downloadPath: join(this.folder, "downloads"),
      eventsEnabled: true,
    });
    const { targetId } = await this.send("Target.createTarget", { url: address });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    this.pageSession = String(sessionId);
  }

  /** What the page shows. */
  async text(): Promise<string> {
    return String(await this.evaluate("document.body.innerText"));
  }

  /** Undefined while the page is being loaded. */
  private async evaluate(expression: string): Promise<unknown> {
    const { result, error } = await this.call(
      "Runtime.evaluate",
      { expression, returnByValue: true, awaitPromise: true },
      this.pageSession,
    );
    if (error) return undefined;
    if (result?.["exceptionDetails"]) throw new Error(JSON.stringify(result["exceptionDetails"]));
    return (result?.["result"] as { value?: unknown } | undefined)?.value;
  }

  private async send(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { result = {}, error } = await this.call(method, params);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  private call(method: string, params: Record<string, unknown>, sessionId?: string): Promise<Message> {
    const id = ++this.lastCall;
    const answered = new Promise<Message>((resolve) => this.calls.set(id, resolve));
    (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answered;
  }

  private async listen(): Promise<void> {
    let rest = "";
    for await (const part of (this.child.stdio[4] as Readable).setEncoding("utf8")) {
      const texts = (rest + String(part)).split("\0");
      rest = texts.pop() ?? "";
      for (const text of texts) this.receive(JSON.parse(text) as Message);
    }
  }

  private receive(message: Message): void {
    if (message.id !== undefined) {
      this.calls.get(message.id)?.(message);
      this.calls.delete(message.id);
      return;
    }
    for (const listener of this.listeners) listener(message);
  }
}

/** Runs in the page. */
function pressAndWait(
  selector: string,
  name: string,
  texts: readonly string[],
  among: string,
  patienceMs: number,
): Promise<{ seconds: number; text: string } | null> {
  const controls = [...document.querySelectorAll<HTMLElement>(`:is(${selector}):enabled, a:is(${selector})`)];
  const named = (one: HTMLElement) => one.getAttribute("aria-label") === name || one.textContent?.trim() === name;
  const control = controls.find((one) => name === "" || named(one));
  if (control === undefined) throw new Error(`nothing called ${name} can be pressed`);
  return new Promise((resolve) => {
    const { startTime: startMs } = performance.mark("pressed");
    setTimeout(() => resolve(null), patienceMs);
    const look = () => {
      const shown = [...document.querySelectorAll(among)].map((one) => one.textContent?.trim() ?? "");
      const text = texts.find((wanted) => shown.includes(wanted));
      if (text === undefined) return;
      observer.disconnect();
      resolve({ seconds: (performance.now() - startMs) / 1000, text });
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    control.click();
    look();
  });
}

/** Runs in the page. */
function waitUntilGone(selector: string, patienceMs: number): Promise<number | null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), patienceMs);
    const look = () => {
      if (document.querySelector(selector) !== null) return;
      observer.disconnect();
      const pressed = performance.getEntriesByName("pressed").at(-1);
      resolve((performance.now() - (pressed?.startTime ?? 0)) / 1000);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true });
    look();
  });
}

/** Runs in the page: the middle of the innermost element that says this text. */
function middleOf(text: string): { x: number; y: number } | undefined {
  const saying = [...document.querySelectorAll("body *")].filter((one) => one.textContent?.trim() === text);
  const element = saying.at(-1);
  element?.scrollIntoView({ block: "center" });
  const box = element?.getBoundingClientRect();
  return box && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

const switches = [
  "--headless=new",
  "--no-sandbox",
  "--remote-debugging-pipe",
  "--window-size=1280,800",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--password-store=basic",
  ...headlessChromium.args,
];
