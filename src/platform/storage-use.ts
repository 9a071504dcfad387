/** What the browser keeps for this origin; null where it does not tell. */
export async function storageUse(): Promise<{ usedBytes: number; persisted: boolean } | null> {
  try {
    const { usage } = await navigator.storage.estimate();
    return usage === undefined ? null : { usedBytes: usage, persisted: await navigator.storage.persisted() };
  } catch {
    // Told nowhere: not a secure context, or a browser that has no such thing.
    return null;
  }
}

/** Asks the browser to keep all of it until the user removes it; false if it does not promise. */
export async function persistStorage(): Promise<boolean> {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}
