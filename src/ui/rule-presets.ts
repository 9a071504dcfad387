import type { BackupRules } from "../workers/repository-api.ts";

export type RulePresetId = "builds" | "caches" | "thumbnails" | "temporary" | "litter";

/**
 * Rules that many people want, by what they are good for. Only what programs make again by themselves, or nobody misses:
 * a name that people give to folders of their own is no pattern here, however often it is a build folder.
 */
export interface RulePreset {
  id: RulePresetId;
  /** For `exclude` alone: those patterns are in the snapshot, so that a set can be continued from it. */
  exclude: readonly string[];
  /** Sets `excludeCaches`. */
  marksCaches: boolean;
}

export const rulePresets: readonly RulePreset[] = [
  {
    id: "builds",
    marksCaches: false,
    exclude: [
      // JavaScript
      "node_modules",
      "bower_components",
      ".npm/_cacache",
      ".pnpm-store",
      ".parcel-cache",
      ".next/cache",
      ".svelte-kit",
      ".turbo",
      ".angular/cache",
      // Python
      "__pycache__",
      ".venv",
      ".tox",
      ".nox",
      ".mypy_cache",
      ".pytest_cache",
      ".ruff_cache",
      // Rust, Go
      "target/*/deps",
      "target/*/incremental",
      ".cargo/registry",
      ".rustup/toolchains",
      "go/pkg/mod",
      // Java; .gradle itself holds settings, and .m2 may hold what exists nowhere else
      "target/classes",
      "target/test-classes",
      ".gradle/buildOutputCleanup",
      ".gradle/caches",
      ".gradle/daemon",
      ".gradle/wrapper/dists",
      // C, C++, Apple, .NET, Dart, Haskell, Terraform
      "CMakeFiles",
      "cmake-build-debug",
      "cmake-build-release",
      "Xcode/DerivedData",
      ".nuget/packages",
      ".dart_tool",
      ".stack-work",
      "dist-newstyle",
      ".terraform/providers",
    ],
  },
  {
    id: "caches",
    marksCaches: true,
    exclude: [
      ".cache",
      ".ccache",
      "Library/Caches",
      ".var/app/*/cache",
      "AppData/Local/Microsoft/Windows/INetCache",
      "AppData/Local/D3DSCache",
      // Chromium, and what is built on it
      "Cache/Cache_Data",
      "Code Cache",
      "GPUCache",
      "DawnCache",
      "DawnGraphiteCache",
      "DawnWebGPUCache",
      "GrShaderCache",
      "ShaderCache",
      "Service Worker/ScriptCache",
      // Firefox
      "cache2/entries",
      "startupCache",
    ],
  },
  {
    id: "thumbnails",
    marksCaches: false,
    exclude: [
      ".thumbnails",
      ".cache/thumbnails",
      ".thumbdata*",
      "[Tt]humbs.db",
      "ehthumbs.db",
      "ehthumbs_vista.db",
      "Windows/Explorer/thumbcache_*.db",
      "Windows/Explorer/iconcache_*.db",
      "SYNOPHOTO_THUMB_*",
    ],
  },
  {
    id: "temporary",
    marksCaches: false,
    exclude: [
      ".Trash",
      ".Trash-*",
      ".Trashes",
      ".local/share/Trash",
      "$RECYCLE.BIN",
      "$Recycle.Bin",
      "#recycle",
      "lost+found",
      "AppData/Local/Temp",
      "*.tmp",
      "*.crdownload",
      "~$*",
      ".~lock.*#",
    ],
  },
  {
    id: "litter",
    marksCaches: false,
    exclude: [
      ".DS_Store",
      ".localized",
      ".apdisk",
      ".fseventsd",
      ".Spotlight-V100",
      ".TemporaryItems",
      "[Tt]humbs.db",
      "[Dd]esktop.ini",
      "System Volume Information",
      "hiberfil.sys",
      "pagefile.sys",
      "swapfile.sys",
    ],
  },
];

/** True if the rules leave out all that the preset does. */
export function hasPreset(rules: BackupRules, { exclude, marksCaches }: RulePreset): boolean {
  return exclude.every((pattern) => rules.exclude.includes(pattern)) && (rules.excludeCaches || !marksCaches);
}

/** Patterns that are there already stay where they are: their order may matter. */
export function withPreset(rules: BackupRules, { exclude, marksCaches }: RulePreset): BackupRules {
  const missing = exclude.filter((pattern) => !rules.exclude.includes(pattern));
  return {
    ...rules,
    exclude: [...rules.exclude, ...missing],
    excludeCaches: rules.excludeCaches || marksCaches,
  };
}

/** Patterns that another preset of the rules has, too, stay. */
export function withoutPreset(rules: BackupRules, preset: RulePreset): BackupRules {
  const others = rulePresets.filter((other) => other.id !== preset.id && hasPreset(rules, other));
  const isOthers = (pattern: string) => others.some(({ exclude }) => exclude.includes(pattern));
  return {
    ...rules,
    exclude: rules.exclude.filter((pattern) => !preset.exclude.includes(pattern) || isOthers(pattern)),
    excludeCaches: rules.excludeCaches && (!preset.marksCaches || others.some(({ marksCaches }) => marksCaches)),
  };
}
