import { createHash } from "node:crypto";
import type { BrowserContext, Page } from "@playwright/test";
import { expect } from "./fixture.ts";

/** What a hostile client could store in a repository in the hope that a browser runs it. */
export const storedKinds = ["html", "svg", "script", "style", "wasm"] as const;
export type StoredKind = (typeof storedKinds)[number];

export interface StoredFile {
  kind: StoredKind;
  url: string;
}

// Wherever it runs (page, frame, any worker), one of these comes through.
const signal =
  'try{new BroadcastChannel("stored-content").postMessage("ran")}catch{};fetch("/beacon/ran").catch(()=>{});';

/** A module whose start function calls the function that it is given. */
const wasm = Buffer.from("0061736d01000000010401600000020901017303" + "72616e0000080100", "hex");

export const storedContents: Readonly<Record<StoredKind, Buffer>> = {
  html: Buffer.from(`<!doctype html><script>${signal}</script><img src="/beacon/image" onerror='${signal}'>`),
  svg: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><script>${signal}</script></svg>`),
  script: Buffer.from(`/* stored */${signal}`),
  style: Buffer.from(`:root { background: url("/beacon/style"); }`),
  wasm,
};

export function idOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Stores every kind as a pack, and the page as config too, in the repository at this URL. */
export async function storeContents(repositoryUrl: string, headers: Record<string, string>): Promise<StoredFile[]> {
  const post = async (path: string, body?: Buffer) => {
    const init = { method: "POST", headers, ...(body && { body: new Blob([Uint8Array.from(body)]) }) };
    const response = await fetch(repositoryUrl + path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  await post("?create=true");
  await post("config", storedContents.html);
  for (const kind of storedKinds) await post(`data/${idOf(storedContents[kind])}`, storedContents[kind]);
  const stored = storedKinds.map((kind) => ({ kind, url: `${repositoryUrl}data/${idOf(storedContents[kind])}` }));
  return [...stored, { kind: "html", url: `${repositoryUrl}config` }];
}

/** Ways to make a browser run a file of its own origin. */
const waysOfKind: Readonly<Record<StoredKind, readonly string[]>> = {
  html: [
    "navigate",
    "popup",
    "iframe",
    "frame",
    "object",
    "embed",
    "link",
    "blob iframe",
    "blob popup",
    "srcdoc",
    "markup",
  ],
  svg: ["navigate", "popup", "iframe", "frame", "object", "embed", "blob iframe"],
  script: [
    ..."script|module|import|preloaded module|worker|module worker|shared worker".split("|"),
    ..."service worker|service worker of the site|module service worker|service worker of another file".split("|"),
    ..."blob script|blob worker|blob import|data import|inline|eval|timer|handler".split("|"),
  ],
  style: ["style", "imported style"],
  wasm: ["streamed"],
};

/** These put something else in the place of the page. */
const leavesPage: readonly string[] = ["navigate", "frame"];

/** A browser opens one window for each thing that a person does. */
const opensWindow: readonly string[] = ["popup", "link", "blob popup"];

/** In these the page itself takes the bytes and makes code of them: only its own policy can forbid that. */
const needsPagePolicy = /^(?:blob|data|srcdoc|markup|inline|eval|timer|handler|imported)/;

export interface AttemptOptions {
  /** Leave out the ways against which only the page's own policy helps. */
  readonly byAddressOnly?: boolean;
}

/** Collects the signs of life of stored content in a browser. */
export class Detector {
  readonly signs: string[] = [];

  private constructor(private readonly watcher: Page) {}

  /** `origin` is the one that the content is served from; its `/beacon/…` may be missing. */
  static async install(context: BrowserContext, origin: string): Promise<Detector> {
    const watcher = await context.newPage();
    const detector = new Detector(watcher);
    await watcher.goto(origin);
    await watcher.exposeFunction("noteSign", (text: string) => detector.signs.push(text));
    await watcher.evaluate(() => {
      const channel = new BroadcastChannel("stored-content");
      channel.onmessage = () => Reflect.get(window, "noteSign")("message");
      Reflect.set(window, "storedContentChannel", channel);
    });
    context.on("request", (request) => {
      if (new URL(request.url()).pathname.startsWith("/beacon/")) detector.signs.push(request.url());
    });
    return detector;
  }

  /** Closes the windows that this page has opened. */
  async closeOthers(page: Page): Promise<void> {
    for (const other of page.context().pages()) if (other !== page && other !== this.watcher) await other.close();
  }

  /** Returns after whatever was sent before has been heard. */
  async settle(): Promise<void> {
    await this.watcher.evaluate(async () => {
      await fetch("/settled").catch(() => undefined);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => requestAnimationFrame(resolve));
    });
  }
}

/** The ways to try on a stored file. */
export function attempts(kind: StoredKind, options: AttemptOptions = {}): string[] {
  return waysOfKind[kind].filter((way) => !(options.byAddressOnly === true && needsPagePolicy.test(way)));
}

/** All ways on all files, in as few loads of the page as they need; fails at a sign of life. Gives how many were tried. */
export async function attemptAll(
  page: Page,
  from: string,
  files: readonly StoredFile[],
  detector: Detector,
  options: AttemptOptions = {},
): Promise<number> {
  const all = files.flatMap(({ kind, url }) => attempts(kind, options).map((way) => ({ kind, way, url })));
  const alone = all.filter(({ way }) => leavesPage.includes(way));
  const windows = all.filter(({ way }) => opensWindow.includes(way));
  const together = all.filter((tried) => !alone.includes(tried) && !windows.includes(tried));

  await visit(page, from);
  await page.evaluate(tryInPage, together);
  await expectSilence(detector, "all that a page can hold");
  for (const { kind, way, url } of windows) {
    await page.evaluate(tryInPage, [{ way, url }]);
    await expectSilence(detector, `${kind} by ${way} from ${url}`);
    await detector.closeOthers(page);
  }
  for (const { kind, way, url } of alone) {
    await attempt(page, from, way, url);
    await expectSilence(detector, `${kind} by ${way} from ${url}`);
  }
  return all.length;
}

/** One way, one file. Resolves when the browser has said what became of it. */
export async function attempt(page: Page, from: string, way: string, url: string): Promise<void> {
  await visit(page, from);
  if (way === "navigate") {
    // A download, an error page or an answer: all the same here.
    await page.goto(url).catch(() => undefined);
    return;
  }
  await page.evaluate(tryInPage, [{ way, url }]);
}

/** What was opened before may still be on its way, an error page as well, and then comes in between. */
async function visit(page: Page, address: string): Promise<void> {
  await expect(async () => void (await page.goto(address))).toPass();
}

/** Without this, silence would mean nothing: the page reads the stored files as it reads all files of a repository. */
export async function expectReadable(page: Page, from: string, files: readonly StoredFile[]): Promise<void> {
  await visit(page, from);
  for (const { kind, url } of files) {
    const read = await page.evaluate(
      async (address) => [...new Uint8Array(await (await fetch(address)).arrayBuffer())],
      url,
    );
    expect(Buffer.from(read).equals(storedContents[kind])).toBe(true);
  }
}

export async function expectSilence(detector: Detector, what: string): Promise<void> {
  await detector.settle();
  expect([what, ...detector.signs]).toEqual([what]);
}

export async function expectSign(detector: Detector, what: string): Promise<void> {
  await expect.poll(() => (detector.signs.length > 0 ? what : `no sign of ${what}`)).toBe(what);
  detector.signs.length = 0;
}

/** Runs inside the page, all at once. Every way ends with an event of the browser; where it has none, after a second. */
async function tryInPage(tries: readonly { way: string; url: string }[]): Promise<void> {
  const tryOne = async ({ way, url }: { way: string; url: string }) => {
    const ended = (target: EventTarget) =>
      new Promise<void>((resolve) => {
        for (const name of ["load", "error", "message"]) target.addEventListener(name, () => resolve());
        setTimeout(resolve, 1_000);
      });
    const add = (name: string, set: (element: HTMLElement) => void) => {
      const element = document.createElement(name);
      const end = ended(element);
      set(element);
      document.body.append(element);
      return end;
    };
    const attribute = (name: string, value: string) => (element: HTMLElement) => element.setAttribute(name, value);
    const popup = (address: string) => ended(window.open(address) ?? new EventTarget());
    const text = async () => (await fetch(url)).text();
    const blobUrl = async (type: string) => URL.createObjectURL(new Blob([await text()], { type }));
    const script = (address: string, type = "") =>
      add("script", (element) => {
        (element as HTMLScriptElement).type = type;
        (element as HTMLScriptElement).src = address;
      });
    const register = async (options?: RegistrationOptions, address = url) => {
      const registration = await navigator.serviceWorker.register(address, options);
      const worker = registration.installing ?? registration.waiting ?? registration.active;
      if (worker) await ended(worker);
      await registration.unregister();
    };
    const folder = new URL(".", url).pathname;
    // A page asks for a module once, whatever it is needed for.
    const ownUrl = `${url}#${encodeURIComponent(way)}`;
    const ways: Record<string, () => unknown> = {
      popup: () => popup(url),
      iframe: () => add("iframe", attribute("src", url)),
      frame: () => {
        const set = document.createElement("frameset");
        const frame = document.createElement("frame");
        frame.src = url;
        set.append(frame);
        document.body.replaceWith(set);
        return ended(frame);
      },
      object: () => add("object", attribute("data", url)),
      embed: () => add("embed", attribute("src", url)),
      link: () => {
        const link = Object.assign(document.createElement("a"), { href: url, target: "_blank", rel: "opener" });
        document.body.append(link);
        link.click();
        return ended(link);
      },
      "blob iframe": async () => {
        const type = url.endsWith("config") || !(await text()).startsWith("<svg") ? "text/html" : "image/svg+xml";
        await add("iframe", attribute("src", await blobUrl(type)));
      },
      "blob popup": async () => popup(await blobUrl("text/html")),
      srcdoc: async () => {
        const markup = await text();
        await add("iframe", (element) => {
          (element as HTMLIFrameElement).srcdoc = markup;
        });
      },
      markup: async () => {
        const markup = await text();
        await add("div", (element) => {
          element.innerHTML = markup;
        });
      },
      script: () => script(url),
      module: () => script(ownUrl, "module"),
      import: () => import(ownUrl),
      "preloaded module": () =>
        add("link", (element) => Object.assign(element, { rel: "modulepreload", href: ownUrl })).then(
          () => import(ownUrl),
        ),
      worker: () => ended(new Worker(url)),
      "module worker": () => ended(new Worker(url, { type: "module" })),
      "shared worker": () => ended(new SharedWorker(url)),
      "service worker": () => register(),
      "service worker of the site": () => register({ scope: "/" }),
      "module service worker": () => register({ type: "module", scope: folder }),
      "service worker of another file": () => register({ scope: `${folder}x/` }, `${url}?x`),
      "blob script": async () => script(await blobUrl("text/javascript")),
      "blob worker": async () => ended(new Worker(await blobUrl("text/javascript"))),
      "blob import": async () => import(await blobUrl("text/javascript")),
      "data import": async () => import(`data:text/javascript,${encodeURIComponent(await text())}`),
      inline: async () => {
        const code = await text();
        await add("script", (element) => {
          element.textContent = code;
        });
      },
      // biome-ignore lint/security/noGlobalEval: that this is refused is what is tried here.
      eval: async () => globalThis.eval(await text()),
      timer: async () => Reflect.apply(setTimeout, window, [await text()]),
      handler: async () => {
        const code = await text();
        await add("div", (element) => {
          element.setAttribute("onclick", code);
          element.click();
        });
      },
      style: () => add("link", (element) => Object.assign(element, { rel: "stylesheet", href: url })),
      "imported style": () =>
        add("style", (element) => {
          element.textContent = `@import url("${url}");`;
        }),
      streamed: () =>
        WebAssembly.instantiateStreaming(fetch(url), {
          s: { ran: () => new BroadcastChannel("stored-content").postMessage("ran") },
        }),
    };
    const run = ways[way];
    if (run === undefined) throw new Error(`no such way: ${way}`);
    try {
      await run();
    } catch {
      // Refused, which is what this is about.
    }
  };
  await Promise.all(tries.map(tryOne));
}
