import type { Backend } from "../backend/backend.ts";
import type { MasterIndex } from "./master-index.ts";

/**
 * Compares the packs that the index names with those that are stored: what is absent, or has another length, is lost from
 * the index's point of view until a later check finds it in order. Returns how many packs were newly lost.
 *
 * [Note: lost packs] A server can lose a pack and keep the index that names it. Whoever trusts the index then "stores" a
 * file by naming blobs that nobody has. One listing tells; a pack of the right length is taken for whole, since its name
 * is its hash and reading all packs would be a check, not a backup. Packs that are stored while the listing is under way
 * are not judged.
 */
export async function loseMissingPacks(
  backend: Pick<Backend, "list">,
  index: MasterIndex,
  signal: AbortSignal,
): Promise<number> {
  const expected = index.packLengths();
  const stored = new Map<string, number>();
  for (const { id, length } of await backend.list("data", signal)) stored.set(id, length);
  signal.throwIfAborted();
  return index.losePacks(expected.filter(({ id, length }) => stored.get(id) !== length).map(({ id }) => id));
}
