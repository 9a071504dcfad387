import { promisifyRequest, type UseStore } from "idb-keyval";

/**
 * A database of one store that is opened for each use: an open connection would keep "forget everything" from deleting
 * it.
 */
export function briefDatabase(databaseName: string, storeName: string): UseStore {
  return async (mode, use) => {
    const request = indexedDB.open(databaseName);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    const database = await promisifyRequest(request);
    try {
      return await use(database.transaction(storeName, mode).objectStore(storeName));
    } finally {
      database.close();
    }
  };
}

/** Whether a database is there: opening one that is not would make it, and looking must leave no trace. */
export async function databaseExists(databaseName: string): Promise<boolean> {
  const databases = await indexedDB.databases();
  return databases.some(({ name }) => name === databaseName);
}

/** Removes all keys that begin so; makes no database for it. */
export async function removeBeginningWith(
  prefix: string,
  { databaseName, withDatabase }: { databaseName: string; withDatabase: UseStore },
): Promise<void> {
  if (!(await databaseExists(databaseName))) return;
  const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
  await withDatabase("readwrite", (store) => promisifyRequest(store.delete(range)));
}
