import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import type { Peer } from "../support/peers.ts";

/** Chromium as a process that is ours to kill, on a profile that outlives it. */
export class BrowserDevice {
  private constructor(
    private readonly child: ChildProcess,
    private readonly browser: Browser,
    readonly context: BrowserContext,
  ) {}

  static async start(program: Peer, profile: string): Promise<BrowserDevice> {
    // In a process group of its own, so that all of its processes die in one moment.
    const child = spawn(program.path, [...switches, `--user-data-dir=${profile}`, "about:blank"], {
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const killWithUs = () => killGroup(child);
    process.once("exit", killWithUs);
    child.once("exit", () => process.removeListener("exit", killWithUs));
    try {
      const browser = await chromium.connectOverCDP(await endpointOf(child));
      const [context] = browser.contexts();
      if (context === undefined) throw new Error("Chromium has no profile open");
      return new BrowserDevice(child, browser, context);
    } catch (error) {
      killGroup(child);
      throw error;
    }
  }

  /** A new page of the app; a question before it is left is answered with yes. */
  async page(address: string): Promise<Page> {
    const page = await this.context.newPage();
    page.on("dialog", (dialog) => void dialog.accept().catch(() => {}));
    // tsx gives the inner functions of what is evaluated in the page their names by a function of its own.
    await page.addInitScript("globalThis.__name = (named) => named");
    await page.goto(address);
    return page;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** As a crash of the browser or of the machine: nothing of it does anything any more. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.child, "exit");
    killGroup(this.child);
    await ended;
    await this.browser.close().catch(() => {});
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

const startTimeoutMs = 60_000;

async function endpointOf(child: ChildProcess): Promise<string> {
  const timer = setTimeout(() => killGroup(child), startTimeoutMs);
  let said = "";
  try {
    for await (const part of child.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
      said += String(part);
      const [, endpoint] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (endpoint !== undefined) {
        child.stderr?.resume();
        return endpoint;
      }
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`Chromium did not start: ${said}`);
}

const switches = [
  "--headless=new",
  "--disable-gpu",
  "--no-sandbox",
  "--remote-debugging-port=0",
  "--window-size=1280,800",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--password-store=basic",
];
