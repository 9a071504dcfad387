import { UnsupportedError } from "../core/base/errors.ts";
import type { Id } from "../core/base/id.ts";
import { dropSnapshot, type KeepingProgress, keepSnapshot, keptSnapshots } from "../core/repository/kept-snapshots.ts";
import type { Repository } from "../core/repository/repository.ts";
import { withProgress } from "./progress-sampler.ts";
import type { OfflineProgress, OfflineState } from "./repository-api.ts";

/** Keeps a snapshot's trees on this device. Throws "feature-missing" where nothing may be kept. */
export async function keepOffline(
  repository: Repository,
  id: Id,
  signal: AbortSignal,
  onProgress: (progress: OfflineProgress) => void,
): Promise<OfflineState> {
  const { copy, trees } = repository;
  if (copy === null) throw new UnsupportedError("feature-missing", { feature: "offline copy" });
  // The page may have come by a link: without their listing, snapshots are not found offline.
  await repository.listSnapshots(signal);
  const { tree } = await repository.loadSnapshot(id, signal);
  // What it takes of the room is worth more than trees: it must not come while they are counted on.
  await repository.indexed(signal);
  let progress: KeepingProgress = { treesDone: 0, treesFound: 1, bytes: 0 };
  const note = (latest: KeepingProgress) => {
    progress = latest;
  };
  await withProgress(
    () => progress,
    onProgress,
    () => keepSnapshot({ trees, copy }, { id, tree }, signal, note),
  );
  return offlineState(repository);
}

export async function dropOffline(repository: Repository, id: Id): Promise<OfflineState> {
  if (repository.copy !== null) await dropSnapshot(repository.copy, id);
  return offlineState(repository);
}

export async function offlineState({ copy }: Repository): Promise<OfflineState> {
  if (copy === null) return { bytes: 0, budgetBytes: 0, snapshots: [] };
  await copy.refresh();
  return { bytes: await copy.bytes(), budgetBytes: copy.budgetBytes, snapshots: await keptSnapshots(copy) };
}
