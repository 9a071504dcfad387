import { listOfflineStores, offlineStoreName } from "./offline-store.ts";

/** Bytes of the offline copies of these addresses; an address without one is not in it. */
export async function offlineCopies(urls: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const stores = new Map((await listOfflineStores()).map(({ name, bytes }) => [name, bytes]));
  const copies = new Map<string, number>();
  for (const url of urls) {
    const bytes = stores.get(await offlineStoreName(url));
    if (bytes !== undefined) copies.set(url, bytes);
  }
  return copies;
}
