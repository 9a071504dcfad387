import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { makeProfile } from "../browser/fixture.ts";
import { type EmbeddedServer, startEmbeddedServer } from "../support/embedded-server.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import type { Peer } from "../support/peers.ts";
import { type RestServer, startEmbedded } from "../support/rest-servers.ts";
import type { CellApp } from "./cell.ts";
import { ChromiumPage } from "./chromium-page.ts";

/** Where `npm run build` puts the app. */
const appDirectory = fileURLToPath(new URL("../../dist/app/", import.meta.url));

/** The origin that serves the app, and the way from there to the repositories of a cell's server. */
interface Site {
  address: string;
  server: RestServer;
  repositoryUrl(repository: string): string;
  close(): Promise<void>;
}

/**
 * The built app in a headless Chromium of its own, in a profile that grants access to folders. The browser starts with
 * the first repository; each repository has a page.
 */
export class ChromiumApp implements CellApp {
  readonly name = "Chromium";
  private browser: Promise<BrowserContext> | null = null;
  private profile: string | null = null;

  private constructor(
    private readonly program: Peer,
    private readonly site: Site,
  ) {}

  /** The app from Holdall's own server, which hosts the repositories too. */
  static async besideRepositories(program: Peer): Promise<{ app: ChromiumApp; server: RestServer }> {
    const server = await startEmbedded({ appDirectory });
    const address = new URL("/", server.repositoryUrl("any")).href;
    const { repositoryUrl, close } = server;
    return { app: new ChromiumApp(program, { address, server, repositoryUrl, close }), server };
  }

  /** The app from Holdall's own server, which passes requests for repositories on to another one. */
  static async inFrontOf(program: Peer, server: RestServer): Promise<ChromiumApp> {
    const upstream = new URL("../", server.repositoryUrl("any")).href;
    const front: EmbeddedServer = await startEmbeddedServer({ auth: true, appDirectory, proxies: { far: upstream } });
    return new ChromiumApp(program, {
      address: `${front.url}/`,
      server,
      repositoryUrl: (repository) => `${front.url}/up/far/${repository}/`,
      close: () => front.close(),
    });
  }

  on(location: string, password: string): ChromiumPage {
    const { server, address } = this.site;
    return new ChromiumPage(() => this.newPage(), {
      address,
      url: this.site.repositoryUrl(location),
      login: server.login,
      password,
      snapshotIds: () => readdir(join(server.directory(location), "snapshots")),
    });
  }

  async closeBrowser(): Promise<void> {
    const { browser, profile } = this;
    this.browser = null;
    this.profile = null;
    await (await browser)?.close();
    if (profile !== null) await rm(profile, { recursive: true, force: true });
  }

  /** Closes the server that serves the app, too. */
  async close(): Promise<void> {
    await this.closeBrowser();
    await this.site.close();
  }

  private async newPage(): Promise<Page> {
    this.browser ??= this.launch();
    return (await this.browser).newPage();
  }

  private async launch(): Promise<BrowserContext> {
    this.profile = await makeProfile();
    return chromium.launchPersistentContext(this.profile, {
      executablePath: this.program.path,
      ...headlessChromium,
      // High enough for a list of all snapshots: only what is in view is drawn.
      viewport: { width: 1280, height: 2400 },
    });
  }
}
