import { type DownloadMessage, downloadFolder } from "../workers/download-message.ts";
import { Downloads } from "./downloads.ts";

declare const self: ServiceWorkerGlobalScope;

/** Repositories: the embedded server's own and those behind it. The service worker must cost an upload nothing. */
const repositoryPaths = ["/repos/*", "/up/*"];

const downloads = new Downloads();

self.addEventListener("install", (event) => {
  event.waitUntil(leaveToNetwork(event, repositoryPaths));
});

// The first service worker takes over the page that registered it; a newer one waits until the page says so.
self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("message", (event) => {
  const message = event.data as PageMessage;
  if (message.type === "SKIP_WAITING") event.waitUntil(self.skipWaiting());
  if (message.type === "download-failed") downloads.fail(message.id);
  if (message.type === "download" && event.source instanceof Client) {
    downloads.add({ ...message, clientId: event.source.id });
    message.ready.postMessage(null);
  }
});

self.addEventListener("fetch", (event) => {
  const { href } = new URL(downloadFolder, self.registration.scope);
  if (!event.request.url.startsWith(href)) return;
  event.respondWith(downloads.answer(event.request.url.slice(href.length)));
  void watchPages();
});

type PageMessage = DownloadMessage | { type: "SKIP_WAITING" };

const watchMs = 3000;
let isWatching = false;

/** Looks, while downloads run, whether the pages that feed them are still there. */
async function watchPages(): Promise<void> {
  if (isWatching) return;
  isWatching = true;
  while (downloads.areRunning) {
    await downloads.failOrphans(async (clientId) => (await self.clients.get(clientId)) !== undefined);
    await new Promise((resolve) => setTimeout(resolve, watchMs));
  }
  isWatching = false;
}

interface StaticRouter {
  addRoutes?(routes: readonly { condition: { urlPattern: string }; source: "network" }[]): Promise<void>;
}

/** Where the browser has static routes; elsewhere the fetch listener lets these requests pass. */
async function leaveToNetwork(event: ExtendableEvent & StaticRouter, paths: readonly string[]): Promise<void> {
  await event.addRoutes?.(paths.map((urlPattern) => ({ condition: { urlPattern }, source: "network" })));
}
