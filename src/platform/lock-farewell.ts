import { basicAuthorization, normalRestUrl } from "../core/backend/rest-location.ts";
import type { RepositoryApi, RepositoryLocation, RestLocation } from "../workers/repository-api.ts";

/** Takes leave of a repository whose jobs may still run: their worker dies with the page. */
export interface LockFarewell {
  /** Asks for the removal of their locks; nobody is left to hear what becomes of it. */
  say(): void;
  /** Forgets the locks, and the server's login. */
  end(): void;
}

/**
 * The locks of jobs that still run when the page is left: the worker dies with the page, but a keepalive request of the
 * page itself outlives it.
 *
 * In a local folder nothing outlives the page for sure: the removal is asked for, and the browser may end the page first.
 * Then the lock is an orphan: on a device of one's own the next opening removes it, others wait until it is stale.
 */
export function prepareFarewell(location: RepositoryLocation, api: Pick<RepositoryApi, "watchLocks">): LockFarewell {
  const over = new AbortController();
  const remove = location.kind === "rest" ? (id: string) => sendDelete(location, id) : removeFrom(location.handle);
  let held: readonly string[] = [];
  const onProgress = (ids: readonly string[]) => {
    held = ids;
  };
  // It ends when the worker does; until then there is nothing to be done with its answer.
  api.watchLocks({}, { signal: over.signal, onProgress }).catch(() => {});
  return {
    say() {
      for (const id of held) void remove(id).catch(() => {});
    },
    end() {
      held = [];
      over.abort();
    },
  };
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

/** The folder's handle is fetched before it is needed: while the page is left, one question is answered at best. */
function removeFrom(repository: FileSystemDirectoryHandle): (id: string) => Promise<void> {
  const locks = repository.getDirectoryHandle("locks");
  let folder: FileSystemDirectoryHandle | null = null;
  locks.then(
    (found) => {
      folder = found;
    },
    () => {},
  );
  return async (id) => (folder ?? (await locks)).removeEntry(id);
}
