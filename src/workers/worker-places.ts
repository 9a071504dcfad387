import { assetFolder, offlineFolder } from "./app-folders.ts";
import type { SpawnedWorker, WorkerPlace } from "./starting-worker.ts";

/**
 * Where a worker's script is tried: at its own address, and at the one where only the app shell answers. That one comes first
 * when the server gives no answer: the browser's own cache may then have the script and miss what it loads.
 */
export async function* workerPlaces(
  url: string,
  start: (url: string) => SpawnedWorker,
): AsyncGenerator<WorkerPlace, void, undefined> {
  const kept = url.replace(`/${assetFolder}`, `/${offlineFolder}`);
  if (kept === url) {
    yield () => start(url);
    return;
  }
  const order = (await isOutOfReach(url)) ? [kept, url] : [url, kept];
  for (const place of order) yield () => start(place);
}

/** Longer than a server that is up needs, and short for somebody who waits. */
const patienceMs = 3000;

/** Whether the server cannot be reached. Asked only where the shell could step in. */
async function isOutOfReach(url: string): Promise<boolean> {
  if (!navigator.serviceWorker?.controller) return false;
  const signal = AbortSignal.timeout(patienceMs);
  try {
    await fetch(url, { method: "HEAD", cache: "no-store", credentials: "same-origin", signal });
    return false;
  } catch {
    // A server that is slow to answer is there: uploads of a worker from the shell would be held by the browser.
    return !signal.aborted;
  }
}
