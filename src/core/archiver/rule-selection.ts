import type { SourceEntry } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import type { BackupRules } from "./backup-rules.ts";
import { cacheMarker, type FolderMarker, findMarkers, folderMarker } from "./folder-marker.ts";
import type { EntryMatcher } from "./pattern.ts";
import { PatternList } from "./pattern-list.ts";
import type { ExclusionReason, FolderSelection, Selection } from "./selection.ts";

/**
 * What the rules select. Patterns see `/<root name>/<path in the folder>`. As in restic 0.19 and later, the roots themselves
 * are never left out, whatever matches them: only what is in them is. Older versions leave a root out, too.
 * Throws "pattern-malformed".
 */
export function compileRules(rules: BackupRules): Selection {
  const lists = [PatternList.parse(rules.exclude), PatternList.parse(rules.iexclude, { ignoresCase: true })];
  const markers = rules.excludeIfPresent.map(folderMarker);
  if (rules.excludeCaches) markers.unshift(cacheMarker);
  return new RuleSelection(lists, markers, rules.excludeLargerThanBytes);
}

class RuleSelection implements Selection {
  constructor(
    private readonly lists: readonly PatternList[],
    private readonly markers: readonly FolderMarker[],
    private readonly maxBytes: number | null,
  ) {}

  async inFolder(
    path: readonly RawName[],
    entries: readonly SourceEntry[],
    signal: AbortSignal,
  ): Promise<FolderSelection> {
    const matchers = this.lists.map((list) => list.inFolder(path)).filter((matcher) => matcher !== false);
    const markers = await findMarkers(this.markers, entries, signal);
    const { maxBytes } = this;
    return {
      reasonFor: ({ name }) => reasonOfPatterns(matchers, name) ?? reasonOfMarkers(markers, name),
      reasonForSize: (sizeBytes) => (maxBytes !== null && sizeBytes > maxBytes ? "size" : null),
    };
  }
}

function reasonOfPatterns(matchers: readonly EntryMatcher[], name: RawName): ExclusionReason | null {
  for (const matcher of matchers) {
    if (typeof matcher === "boolean" ? matcher : matcher(name)) return "pattern";
  }
  return null;
}

/** A marker leaves out everything but itself: of two in a folder, each leaves out the other. */
function reasonOfMarkers(markers: readonly FolderMarker[], name: RawName): ExclusionReason | null {
  for (const marker of markers) if (marker.name !== name) return marker.reason;
  return null;
}
