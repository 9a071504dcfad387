import type { DownloadMessage } from "../workers/download-message.ts";
import { Downloads } from "./downloads.ts";

declare const self: ServiceWorkerGlobalScope;

const downloads = new Downloads();

self.addEventListener("message", (event) => {
  const message = event.data as DownloadMessage;
  if (message.type === "download-failed") downloads.fail(message.id);
  if (message.type === "download" && event.source instanceof Client) {
    downloads.add({ ...message, clientId: event.source.id });
    message.ready.postMessage(null);
  }
});

self.addEventListener("fetch", (event) => {
  // The scope holds downloads alone (platform/service-worker.ts), each named by its id.
  event.respondWith(downloads.answer(event.request.url.slice(self.registration.scope.length)));
  void watchPages();
});

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
