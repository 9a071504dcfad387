import { basicAuthorization, normalRestUrl } from "../core/backend/rest-location.ts";
import type { RepositoryApi, RestLocation } from "../workers/repository-api.ts";

/**
 * Removes the locks of jobs that still run when the page is left: the worker dies with the page, but a keepalive request
 * of the page itself outlives it. Returns what ends this; until then it holds the server's login.
 */
export function removeLocksOnLeaving(location: RestLocation, api: Pick<RepositoryApi, "watchLocks">): () => void {
  const over = new AbortController();
  let held: readonly string[] = [];
  const onProgress = (ids: readonly string[]) => {
    held = ids;
  };
  // It ends when the worker does; until then there is nothing to be done with its answer.
  api.watchLocks({}, { signal: over.signal, onProgress }).catch(() => {});
  const leave = (event: PageTransitionEvent) => {
    if (event.persisted) return; // the page may come back, and its worker with it
    for (const id of held) void sendDelete(location, id).catch(() => {});
  };
  addEventListener("pagehide", leave, { signal: over.signal });
  return () => over.abort();
}

/** Nobody is left to read the answer: what is not removed is an orphan, removed at the next unlock. */
async function sendDelete({ url, login }: RestLocation, id: string): Promise<void> {
  const headers: HeadersInit = { Accept: "application/vnd.x.restic.rest.v2" };
  if (login !== null) headers["Authorization"] = basicAuthorization(login);
  await fetch(new URL(`locks/${id}`, normalRestUrl(url)), {
    method: "DELETE",
    headers,
    keepalive: true,
    credentials: "omit",
    redirect: "manual",
    referrerPolicy: "no-referrer",
  });
}
