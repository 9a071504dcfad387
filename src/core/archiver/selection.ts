import type { SourceEntry } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";

/** Why something is left out: a pattern, a CACHEDIR.TAG or another marker in its folder, or its size. */
export type ExclusionReason = "pattern" | "cache" | "marker" | "size";

/** Something that is left out: a file, or a folder with all that it holds. */
export interface Exclusion {
  /** Raw names from the root name of the source downwards. */
  path: readonly RawName[];
  kind: "file" | "folder";
  /** Null where it was not looked at: what is left out by its name or its folder is never opened. */
  sizeBytes: number | null;
  reason: ExclusionReason;
}

/** What of the sources goes into a backup. */
export interface Selection {
  /**
   * How the rules bear on what a folder lists. The path leads from the root name to the folder, the root name included.
   * Reads the first bytes of markers among the entries, and nothing else. Throws the signal's reason only.
   */
  inFolder(path: readonly RawName[], entries: readonly SourceEntry[], signal: AbortSignal): Promise<FolderSelection>;
}

export interface FolderSelection {
  /** Why an entry is left out, as far as it shows without opening it; null: it is not. */
  reasonFor(entry: SourceEntry): ExclusionReason | null;
  /** Why a file of so many bytes is left out; null: it is not. */
  reasonForSize(sizeBytes: number): ExclusionReason | null;
}
