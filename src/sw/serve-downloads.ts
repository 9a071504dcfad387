import type { DownloadMessage } from "../workers/download-message.ts";
import { Downloads } from "./downloads.ts";

/** Answers the fetches of `sw-download/` with the files that pages stream here. */
export function serveDownloads(scope: ServiceWorkerGlobalScope): void {
  const downloads = new Downloads();
  const watch = pageWatch(scope, downloads);

  scope.addEventListener("message", (event) => {
    const message = event.data as DownloadMessage;
    if (message.type === "download-failed") downloads.fail(message.id);
    if (message.type === "download" && event.source instanceof Client) {
      downloads.add({ ...message, clientId: event.source.id });
      message.ready.postMessage(null);
    }
  });

  scope.addEventListener("fetch", (event) => {
    // The scope holds downloads alone (platform/service-worker.ts), each named by its id.
    event.respondWith(downloads.answer(event.request.url.slice(scope.registration.scope.length)));
    void watch();
  });
}

const watchMs = 3000;

/** Looks, while downloads run, whether the pages that feed them are still there. */
function pageWatch({ clients }: ServiceWorkerGlobalScope, downloads: Downloads): () => Promise<void> {
  let isWatching = false;
  return async () => {
    if (isWatching) return;
    isWatching = true;
    while (downloads.areRunning) {
      await downloads.failOrphans(async (clientId) => (await clients.get(clientId)) !== undefined);
      await new Promise((resolve) => setTimeout(resolve, watchMs));
    }
    isWatching = false;
  };
}
