export type RulePresetId = "builds" | "caches" | "thumbnails" | "temporary" | "litter";

/**
 * Rules that many people want, by what they are good for. Only what programs make again by themselves, or nobody misses:
 * a name that people give to folders of their own is no pattern here, however often it is a build folder.
 */
export interface RulePreset {
  id: RulePresetId;
  /** For `exclude`, not for `iexclude`: those patterns are in the snapshot, so that a set can be continued from it. */
  patterns: readonly string[];
}

export const rulePresets: readonly RulePreset[] = [
  {
    id: "builds",
    patterns: [
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
    patterns: [
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
    patterns: [
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
    patterns: [
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
    patterns: [
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
