import type { FolderEntry, SnapshotInfo } from "../workers/repository-api.ts";
import type { FolderView } from "./state/folder-view.svelte.ts";
import type { WantedThings } from "./state/save-form.svelte.ts";
import { jobsText } from "./text/jobs.ts";
import { saveText } from "./text/save.ts";

/** Some entries of the folder that is shown. */
export function wantedEntries(snapshot: SnapshotInfo, view: FolderView, entries: readonly FolderEntry[]): WantedThings {
  const [only] = entries;
  const single = entries.length === 1 && only !== undefined ? only : null;
  return {
    snapshot,
    paths: entries.map((entry) => view.pathOf(entry)),
    names: entries.map(({ name }) => name),
    folder: view.names,
    file: single?.type === "file" ? { name: single.name, sizeBytes: single.sizeBytes } : null,
    subject: saveText.what(entries.length, single?.name ?? null),
  };
}

/** The folder that is shown, with all it holds; at the root the whole snapshot. */
export function wantedFolder(snapshot: SnapshotInfo, view: FolderView): WantedThings {
  const name = view.names.at(-1);
  return {
    snapshot,
    paths: [view.path],
    names: name === undefined ? [] : [name],
    folder: view.names.slice(0, -1),
    file: null,
    subject: name ?? jobsText.wholeSnapshot,
  };
}
