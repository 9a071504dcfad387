import { Shell } from "./shell.ts";

/** Keeps the app in the browser and starts it from there. A new version waits until a page asks for it. */
export function serveShell(scope: ServiceWorkerGlobalScope, root: string): void {
  const { files, version } = __SHELL__;
  const { caches, clients, registration } = scope;
  const shell = new Shell({ root, files, version, caches, fetch: (input, init) => scope.fetch(input, init) });

  /** A tab that is open may run another version, and a version that is about to take over has its files already. */
  const tidyUp = (pagesAllowed: number, exceptId = "") =>
    shell.removeOtherVersions(async () => {
      if (registration.installing !== null || registration.waiting !== null) return false;
      const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
      return pages.filter(({ id }) => id !== exceptId).length <= pagesAllowed;
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
    if (event.request.mode === "navigate") event.waitUntil(answer.then(() => refresh(event.resultingClientId)));
  });

  async function refresh(newPage: string): Promise<void> {
    await tidyUp(0, newPage);
    await shell.refreshPage();
  }
}
