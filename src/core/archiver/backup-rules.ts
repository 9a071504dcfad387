/** What a backup leaves out: restic's options of these names. Plain data. FORMAT: filters. */
export interface BackupRules {
  /** `--exclude`, in order; "!" re-includes what an earlier pattern excluded. */
  exclude: readonly string[];
  /** `--iexclude`: the same without regard to case. */
  iexclude: readonly string[];
  /** `--exclude-caches`: the contents of folders that a CACHEDIR.TAG marks. */
  excludeCaches: boolean;
  /** `--exclude-if-present`: the contents of folders that hold a file of this name, which begins with `header`. */
  excludeIfPresent: readonly { name: string; header: string }[];
  /** `--exclude-larger-than`: files with more bytes; null: none. */
  excludeLargerThanBytes: number | null;
}

export const noRules: BackupRules = {
  exclude: [],
  iexclude: [],
  excludeCaches: false,
  excludeIfPresent: [],
  excludeLargerThanBytes: null,
};
