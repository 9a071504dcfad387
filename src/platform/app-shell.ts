import { Workbox } from "workbox-window";
import { assetFolder, shellCachePrefix } from "../workers/app-folders.ts";

/**
 * The app itself, kept in this browser so that it starts without a network. Two registrations of sw.js make it: one for the
 * page, which answers, and one for `assets/`, which does not. The second has no work but to own its folder: the more specific
 * scope wins, so the workers that upload, whose scripts are there, stay uncontrolled. Chromium keeps the body of every
 * request of a controlled worker in its browser process: measured, a backup of 1 GiB held 1 GiB; uncontrolled 80 MiB.
 */
export class AppShell {
  private readonly root = new URL("./", document.baseURI).href;
  private readonly assets = new URL(assetFolder, document.baseURI).href;
  private readonly watchers = new Set<() => void>();
  private page: Workbox | null = null;
  private isUpdateReady = false;
  private isReloading = false;
  private lookedAtMs = Date.now();

  /** Lets what was installed before look for a new version; installs nothing. */
  async resume(): Promise<void> {
    if (await this.isInstalled()) await this.install();
  }

  async isInstalled(): Promise<boolean> {
    return (await this.registrationOf(this.root)) !== null;
  }

  /** Resolves when the shell is on its way. Where the browser refuses it, nothing happens: the app works without. */
  async install(): Promise<void> {
    // Vite's own server has no sw.js.
    if (!("serviceWorker" in navigator) || this.page !== null || import.meta.env.DEV) return;
    const script = new URL("sw.js", document.baseURI).href;
    const page = new Workbox(script, { scope: this.root });
    this.page = page;
    page.addEventListener("waiting", () => this.tellUpdate());
    page.addEventListener("controlling", () => {
      if (this.isReloading) location.reload();
    });
    try {
      // In this order: as long as assets/ has no registration of its own, the page's would control the workers.
      const assets = await new Workbox(script, { scope: this.assets }).register({ immediate: true });
      if (assets !== undefined) await untilActive(assets);
      await page.register({ immediate: true });
      document.addEventListener("visibilitychange", this.lookForUpdate);
    } catch {
      // A clicked-through certificate, private windows, full storage.
      this.page = null;
    }
  }

  /** Takes everything away that install() brought. This page runs on, from the network. */
  async remove(): Promise<void> {
    document.removeEventListener("visibilitychange", this.lookForUpdate);
    this.page = null;
    this.isUpdateReady = false;
    for (const scope of [this.root, this.assets]) await (await this.registrationOf(scope))?.unregister();
    if (!("caches" in globalThis)) return;
    const names = (await caches.keys()).filter((name) => name.startsWith(shellCachePrefix(this.root)));
    for (const name of names) await caches.delete(name);
  }

  /** Tells, at once or later, that a new version waits; until the returned function is called. */
  watchUpdates(onReady: () => void): () => void {
    this.watchers.add(onReady);
    if (this.isUpdateReady) onReady();
    return () => this.watchers.delete(onReady);
  }

  /** Puts the version that waits in place and reloads the page. */
  applyUpdate(): void {
    this.isReloading = true;
    this.page?.messageSkipWaiting();
  }

  private tellUpdate(): void {
    this.isUpdateReady = true;
    for (const tell of this.watchers) tell();
  }

  /** A tab that stays open for days asks again when somebody comes back to it. */
  private readonly lookForUpdate = () => {
    if (document.visibilityState === "hidden" || Date.now() - this.lookedAtMs < lookEveryMs) return;
    this.lookedAtMs = Date.now();
    void this.page?.update().catch(() => undefined);
  };

  /** The registration for exactly this scope; getRegistration() would give that of a wider one, too. */
  private async registrationOf(scope: string): Promise<ServiceWorkerRegistration | null> {
    if (!("serviceWorker" in navigator)) return null;
    const registrations = await navigator.serviceWorker.getRegistrations().catch(() => []);
    return registrations.find((registration) => registration.scope === scope) ?? null;
  }
}

const lookEveryMs = 60 * 60 * 1000;

/** Rejects when it never becomes active. */
async function untilActive(registration: ServiceWorkerRegistration): Promise<void> {
  const starting = registration.installing ?? registration.waiting;
  if (registration.active || starting === null) return;
  await new Promise<void>((resolve, reject) => {
    starting.addEventListener("statechange", () => {
      if (starting.state === "activated") resolve();
      if (starting.state === "redundant") reject(new Error("the service worker of the assets did not start"));
    });
  });
}
