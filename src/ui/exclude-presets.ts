/** Patterns that many people want, under one name. */
export interface ExcludePreset {
  id: string;
  name: string;
  hint: string;
  patterns: readonly string[];
}

/** The patterns of the chosen presets stand first, so that a pattern of one's own may take something in again. */
export function withPresets(
  presets: readonly ExcludePreset[],
  chosen: ReadonlySet<string>,
  own: readonly string[],
): string[] {
  const given = presets.filter(({ id }) => chosen.has(id)).flatMap(({ patterns }) => patterns);
  return [...given, ...own];
}

/** Which presets a list of patterns begins with, and what else it holds: the other way round of withPresets. */
export function readPresets(
  presets: readonly ExcludePreset[],
  patterns: readonly string[],
): { chosen: Set<string>; own: string[] } {
  const chosen = new Set<string>();
  let own = [...patterns];
  for (const preset of presets) {
    if (!preset.patterns.every((pattern, at) => own[at] === pattern)) continue;
    chosen.add(preset.id);
    own = own.slice(preset.patterns.length);
  }
  return { chosen, own };
}

export const excludePresets: readonly ExcludePreset[] = [
  {
    id: "development",
    name: "What programmers can make again",
    hint: "node_modules, build caches, virtual environments",
    patterns: ["node_modules", "__pycache__", ".venv", ".gradle", ".tox"],
  },
  {
    id: "caches",
    name: "Caches",
    hint: ".cache and folders that browsers and other programs fill again",
    patterns: [".cache", "Cache", "CachedData", "GPUCache"],
  },
  {
    id: "thumbnails",
    name: "Thumbnails and folder notes",
    hint: "Thumbs.db, .DS_Store, .thumbnails",
    patterns: ["Thumbs.db", ".DS_Store", ".thumbnails", "desktop.ini"],
  },
  {
    id: "temporary",
    name: "Temporary files",
    hint: "*.tmp, *.part, *~, .~lock.*#",
    patterns: ["*.tmp", "*.part", "*.crdownload", "*~", ".~lock.*#"],
  },
  {
    id: "trash",
    name: "Wastebaskets",
    hint: "$RECYCLE.BIN, .Trash-1000, .Trashes",
    patterns: ["$RECYCLE.BIN", ".Trash-*", ".Trashes", "System Volume Information"],
  },
];
