import { assetFolder, offlineFolder, shellCachePrefix } from "../workers/app-folders.ts";

/** A built file of the app. */
export interface ShellFile {
  /** Below the page; "" is the page itself. */
  path: string;
  /** As fetch() checks it: "sha256-…". */
  integrity: string;
}

export interface ShellSettings {
  /** Address of the page, with a slash at the end. */
  root: string;
  files: readonly ShellFile[];
  /** Another one for every other list of files. */
  version: string;
  caches: CacheStorage;
  fetch(input: Request | string, init?: RequestInit): Promise<Response>;
}

/**
 * The app itself, kept in the browser: exactly the files of one build, all of them or none. It answers for nothing else, so
 * no byte of a repository ever passes through it.
 */
export class Shell {
  private readonly prefix: string;
  private readonly cacheName: string;
  private readonly paths: ReadonlySet<string>;

  constructor(private readonly settings: ShellSettings) {
    this.prefix = shellCachePrefix(settings.root);
    this.cacheName = this.prefix + settings.version;
    this.paths = new Set(settings.files.map(({ path }) => path));
  }

  /** Fetches and checks all files. Rejects, and keeps none, when one is missing or is not what was built. */
  async install(): Promise<void> {
    const { caches, files } = this.settings;
    const cache = await caches.open(this.cacheName);
    try {
      for (const file of files) await cache.put(this.urlOf(file.path), await this.fetchFile(file));
    } catch (error) {
      await caches.delete(this.cacheName);
      throw error;
    }
  }

  /** The answer to a request for a file of the app; null for all that is none of the shell's business. */
  answer({ method, mode, destination, url }: ShellRequest): Promise<Response> | null {
    const { root } = this.settings;
    const { origin, pathname, search } = new URL(url);
    if (method !== "GET" || !(origin + pathname).startsWith(root)) return null;
    const path = (origin + pathname).slice(root.length);
    if (mode === "navigate") return path === "" && destination === "document" ? this.file(path) : null;
    if (path === "" || search !== "") return null;
    if (path.startsWith(offlineFolder)) return this.offlineFile(assetFolder + path.slice(offlineFolder.length));
    return this.paths.has(path) || path.startsWith(assetFolder) ? this.file(path) : null;
  }

  /**
   * Takes the page again if the server still has this version of it: its headers hold what the page may do, and the
   * server's owner may have changed that.
   */
  async refreshPage(): Promise<void> {
    const page = this.settings.files.find(({ path }) => path === "");
    const { caches } = this.settings;
    if (page === undefined || !(await caches.has(this.cacheName))) return;
    // Opened before the server is waited for: what is put into a cache that was wiped meanwhile is gone with it.
    const cache = await caches.open(this.cacheName);
    if ((await cache.match(this.urlOf(""))) === undefined) {
      // Wiped since it was looked for, and opening made it anew.
      await caches.delete(this.cacheName);
      return;
    }
    // No network, or another version: what is kept stays as it is.
    const response = await this.fetchFile(page).catch(() => null);
    if (response) await cache.put(this.urlOf(""), response);
  }

  /** Removes what other versions kept, if by then nobody can need them. */
  async removeOtherVersions(isFree: () => Promise<boolean>): Promise<void> {
    const { caches } = this.settings;
    const others = (await caches.keys()).filter((name) => name.startsWith(this.prefix) && name !== this.cacheName);
    if (others.length === 0 || !(await isFree())) return;
    for (const name of others) await caches.delete(name);
  }

  private async file(path: string): Promise<Response> {
    const { fetch } = this.settings;
    // What was wiped from the browser's storage still comes from the server.
    return (await this.kept(path)) ?? fetch(this.urlOf(path));
  }

  /**
   * A response that has no address of its own, so that the worker made from it finds its imports and kernels beside the
   * address that was asked for.
   */
  private async offlineFile(path: string): Promise<Response> {
    const kept = await this.kept(path);
    if (kept === undefined) return new Response(null, { status: 404 });
    const headers = new Headers(kept.headers);
    // The body is kept unpacked.
    headers.delete("Content-Encoding");
    headers.delete("Content-Length");
    return new Response(kept.body, { status: kept.status, headers });
  }

  /** This version's file, or that of a version that open tabs still run: names in `assets/` are never used twice. */
  private async kept(path: string): Promise<Response | undefined> {
    const { caches } = this.settings;
    const url = this.urlOf(path);
    // Not through open(), which would make a cache that was wiped anew, and empty.
    const own = await caches.match(url, { cacheName: this.cacheName, ignoreVary: true });
    if (own !== undefined || !path.startsWith(assetFolder)) return own;
    for (const cacheName of await caches.keys()) {
      if (!cacheName.startsWith(this.prefix)) continue;
      const other = await caches.match(url, { cacheName, ignoreVary: true });
      if (other !== undefined) return other;
    }
    return undefined;
  }

  private async fetchFile({ path, integrity }: ShellFile): Promise<Response> {
    const response = await this.settings.fetch(this.urlOf(path), {
      integrity,
      // Only names in assets/ stand for one content for ever.
      cache: path.startsWith(assetFolder) ? "default" : "no-cache",
      credentials: "same-origin",
      // A page that came by a redirect is refused by browsers when a service worker gives it.
      redirect: "error",
    });
    if (!response.ok) throw new Error(`the app's file ${path} answers ${response.status}`);
    return response;
  }

  private urlOf(path: string): string {
    return this.settings.root + path;
  }
}

/** What the shell looks at in a request. */
export type ShellRequest = Pick<Request, "method" | "mode" | "destination" | "url">;
