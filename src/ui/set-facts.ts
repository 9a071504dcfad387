import type { BackupRun, BackupSet, BackupSetInfo } from "../workers/repository-api.ts";

const dayMs = 86_400_000;

/** The newest run that was meant to store something; null if there was none. */
export function lastRunOf({ runs }: BackupSetInfo): BackupRun | null {
  return runs.find((run) => run.outcome !== "dry-run") ?? null;
}

/** The newest run after which all that was there is in the repository. */
export function lastGoodRunOf({ runs }: BackupSetInfo): BackupRun | null {
  return runs.find(({ outcome }) => outcome === "stored" || outcome === "unchanged") ?? null;
}

/** True once snapshots may have the names of this set, which then stay as they are. */
export function hasStored({ runs, unfinished }: BackupSetInfo): boolean {
  return unfinished !== null || runs.some(({ outcome }) => outcome !== "dry-run");
}

/** When the set says that it is due; null: never, or it has not run yet. */
export function dueMsOf(info: BackupSetInfo): number | null {
  const last = lastGoodRunOf(info);
  const { reminderDays } = info.set;
  return last === null || reminderDays === null ? null : last.startedMs + reminderDays * dayMs;
}

/** The paths that a set's snapshots have, which with the host name tell the series. */
export function pathsOf(rootNames: readonly string[]): string[] {
  return rootNames.map((name) => `/${name}`);
}

/** One series a key: the host and the paths, in whatever order. */
export function seriesKeyOf(hostname: string, paths: readonly string[]): string {
  return JSON.stringify([hostname, paths.toSorted()]);
}

export function seriesKeyOfSet({ hostname, sources }: Pick<BackupSet, "hostname" | "sources">): string {
  return seriesKeyOf(hostname, pathsOf(sources.map(({ rootName }) => rootName)));
}

/** "Documents, Photos and 2 more". */
export function subjectOf(rootNames: readonly string[]): string {
  const [first = "", second] = rootNames;
  if (second === undefined) return first;
  if (rootNames.length === 2) return `${first} and ${second}`;
  return `${first}, ${second} and ${rootNames.length - 2} more`;
}
