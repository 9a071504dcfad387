/**
 * THE table of floors: who may import whom, and which packages. Imports go down only. check-floors.ts reads nothing but
 * this, and what is not written here is forbidden: a new folder or package begins with a line in this file.
 */
export interface Floor {
  name: FloorName;
  /** Folders (ending in "/") and files, relative to the project. The first floor of the table that fits owns a file. */
  paths: readonly string[];
  /** Floors whose values and types it may use. Its own files may always know each other. */
  imports: readonly FloorName[];
  /** Floors of which it may use types alone. */
  importsTypes: readonly FloorName[];
  /** Packages, and "node:" for what Node itself brings. */
  packages: readonly string[];
  /** Its files are there only after a build, so that they are missing is no finding. */
  isBuilt: boolean;
}

export type FloorName =
  | "base"
  | "codec"
  | "format"
  | "backend"
  | "repository"
  | "archiver"
  | "restorer"
  | "checker"
  | "pruner"
  | "snapshots"
  | "front door"
  | "kernels"
  | "bundle"
  | "platform"
  | "contract"
  | "wire"
  | "client"
  | "workers"
  | "ui"
  | "sw"
  | "server"
  | "start"
  | "main";

const upToCodec = ["base", "codec"] as const;
const upToFormat = [...upToCodec, "format"] as const;
const upToBackend = [...upToFormat, "backend"] as const;
const upToRepository = [...upToBackend, "repository"] as const;
const tasks = ["archiver", "restorer", "checker", "pruner", "snapshots"] as const;
const core = [...upToRepository, ...tasks] as const;
const wireFiles = ["rpc", "wire-error", "stream-port", "download-message", "app-folders"].map(
  (name) => `src/workers/${name}.ts`,
);

export const floors: readonly Floor[] = [
  // core: no DOM, no node:, no Svelte (its tsconfig.json sees to the names that need no import)
  floor("front door", ["src/core/index.ts"], { imports: core }),
  floor("base", ["src/core/base/"], {}),
  floor("codec", ["src/core/codec/"], { imports: ["base"], packages: ["hash-wasm"] }),
  floor("format", ["src/core/format/"], { imports: upToCodec }),
  floor("backend", ["src/core/backend/"], { imports: upToFormat }),
  floor("repository", ["src/core/repository/"], { imports: upToBackend }),
  // The tasks do not know each other.
  ...tasks.map((name) => floor(name, [`src/core/${name}/`], { imports: upToRepository })),

  // The kernels are imported as addresses.
  floor("kernels", ["wasm/build/", "wasm/build.mjs"], { isBuilt: true }),
  floor("bundle", ["dist/server/"], { isBuilt: true }),

  // What crosses between threads: spoken by the page's side, the workers and the service worker alike.
  floor("contract", ["src/workers/repository-api.ts", "src/workers/api/"], { importsTypes: core }),
  floor("wire", wireFiles, { imports: ["base"], importsTypes: ["contract"] }),
  floor("platform", ["src/platform/"], {
    imports: [...core, "wire", "kernels"],
    importsTypes: ["contract"],
    packages: ["idb-keyval", "workbox-window"],
  }),
  floor("client", ["src/workers/client.ts"], { imports: ["base", "wire", "workers"], importsTypes: ["contract"] }),
  floor("workers", ["src/workers/"], {
    imports: [...core, "front door", "kernels", "wire", "platform"],
    importsTypes: ["contract"],
  }),

  floor("ui", ["src/ui/"], {
    imports: ["client"],
    // platform: its ports, whose implementations main.ts hands in.
    importsTypes: ["base", "codec", "contract", "platform"],
    packages: ["svelte", "virtua", "@lucide/svelte"],
  }),
  floor("sw", ["src/sw/"], { imports: ["base", "wire"] }),
  // Runs before there is a package, all but the build itself.
  floor("start", ["src/server/start.mjs", "src/server/fresh-clone.mjs", "src/server/build.mjs"], {
    imports: ["kernels", "bundle"],
    packages: ["node:", "vite"],
  }),
  floor("server", ["src/server/"], {
    imports: ["base"],
    importsTypes: ["backend"],
    packages: ["node:", "bcryptjs"],
  }),
  floor("main", ["src/main.ts"], {
    imports: ["ui", "platform", "client"],
    importsTypes: ["base", "contract"],
    packages: ["svelte"],
  }),
];

function floor(name: FloorName, paths: string[], allowed: Partial<Omit<Floor, "name" | "paths">>): Floor {
  return { name, paths, imports: [], importsTypes: [], packages: [], isBuilt: false, ...allowed };
}
