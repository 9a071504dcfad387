import type { BackupSet } from "../../workers/repository-api.ts";
import type { Ports } from "../ports.ts";
import type { BackupDesk } from "./backup-desk.svelte.ts";

/** The sets that run when files change, and whose folders can all be watched now. */
export function watchedSets(desk: BackupDesk): BackupSet[] {
  const sets = desk.sets.list.map(({ set }) => set).filter(({ runsOnChange }) => runsOnChange);
  return sets.filter((set) =>
    set.sources.every((source) => source.kind === "files" || desk.folders.isReadable(source)),
  );
}

/** Runs each of these sets when its folders have changed; until the returned function is called. */
export function watchSets(
  desk: BackupDesk,
  sets: readonly BackupSet[],
  watchFolders: Ports["watchFolders"],
): () => void {
  let isOver = false;
  const stops = sets.map((set) => {
    const onDue = async () => {
      // A change that falls into a backup is for the next one.
      await desk.idle();
      if (!isOver) await desk.run(set, { dryRun: false });
    };
    // What cannot be watched any more runs by hand: its card says what it needs.
    return watchFolders(desk.handlesOf(set), { onDue: () => void onDue(), onEnded: () => {} });
  });
  return () => {
    isOver = true;
    for (const stop of stops) stop();
  };
}
