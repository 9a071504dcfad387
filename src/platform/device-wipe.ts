import { removePackSpools } from "./pack-spool.ts";

/** What could not be wiped: a database that another tab holds is emptied, and goes when that tab is closed. */
export interface WipeResult {
  heldElsewhere: boolean;
}

/**
 * Takes away all that this origin keeps in the browser: databases, caches, packs on their way, small storage. Only service workers
 * stay, which hold nothing (the caller removes the app shell's).
 */
export async function wipeDevice(): Promise<WipeResult> {
  const databases = await indexedDB.databases();
  const gone = await Promise.all(databases.map(({ name }) => (name === undefined ? true : wipeDatabase(name))));
  const names = "caches" in globalThis ? await caches.keys() : [];
  await Promise.all(names.map((name) => caches.delete(name)));
  await removePackSpools();
  localStorage.clear();
  sessionStorage.clear();
  return { heldElsewhere: gone.includes(false) };
}

/** Empties a database, then deletes it; false if another tab keeps it from going just now. */
async function wipeDatabase(name: string): Promise<boolean> {
  // What cannot be emptied may still be deleted.
  await emptyDatabase(name).catch(() => {});
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve(true);
    request.onerror = () => resolve(false);
    // Connections that are just closing are waited for.
    request.onblocked = () => setTimeout(resolve, patienceMs, false);
  });
}

const patienceMs = 2000;

async function emptyDatabase(name: string): Promise<void> {
  const database = await settled(indexedDB.open(name));
  try {
    const stores = [...database.objectStoreNames];
    if (stores.length === 0) return;
    const transaction = database.transaction(stores, "readwrite");
    for (const store of stores) transaction.objectStore(store).clear();
    await completed(transaction);
  } finally {
    database.close();
  }
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
