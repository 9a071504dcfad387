import { Shell } from "./shell.ts";

/** Keeps the app in the browser and starts it from there. A new version waits until a page asks for it. */
export function serveShell(scope: ServiceWorkerGlobalScope, root: string): void {
  const { files, version } = __SHELL__;
  const { caches, clients, registration } = scope;
  const shell = new Shell({ root, files, version, caches, fetch: (input, init) => scope.fetch(input, init) });

  const openPages = async () => (await clients.matchAll({ type: "window", includeUncontrolled: true })).length;
  /** A tab that is open may run another version, and a version that is about to take over has its files already. */
  const tidyUp = (pages: number) =>
    shell.removeOtherVersions(async () => {
      const isUpdating = registration.installing !== null || registration.waiting !== null;
      return !isUpdating && (await openPages()) <= pages;
    });

  scope.addEventListener("install", (event) => event.waitUntil(shell.install()));

  scope.addEventListener("activate", (event) => {
    // The one page that may be open asked for this version, and loads it next.
    event.waitUntil(Promise.all([scope.clients.claim(), tidyUp(1)]));
  });

  scope.addEventListener("message", (event) => {
    // What workbox-window sends for "now".
    if ((event.data as { type?: unknown } | null)?.type === "SKIP_WAITING") event.waitUntil(scope.skipWaiting());
  });

  scope.addEventListener("fetch", (event) => {
    const answer = shell.answer(event.request);
    if (answer === null) return;
    event.respondWith(answer);
    if (event.request.mode === "navigate") event.waitUntil(answer.then(() => refresh()));
  });

  async function refresh(): Promise<void> {
    await tidyUp(0);
    await shell.refreshPage();
  }
}
