import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import type { ViteUserConfig } from "vitest/config";
import budget from "./src/budget.json" with { type: "json" };
import { holdBudget, measureFirstScreen } from "./src/server/first-screen.ts";
import type { ShellFile } from "./src/sw/shell.ts";

/**
 * One mode per thing that is made: the app (the default), its service worker, the embedded server, and the test runs.
 * `npm run build` makes the first three in this order.
 */
export default defineConfig(({ mode }) => {
  if (mode === "test") return tests();
  if (mode === "service-worker") return serviceWorker();
  if (mode === "server") return server();
  return app();
});

const project = import.meta.dirname;
const appFolder = resolve(project, "dist/app");
const browsers = "es2022";

/** `using` is lowered for browsers that do not know it; they lack its symbols too. Before any class is defined. */
const disposal = ["dispose", "asyncDispose"].map((name) => `Symbol.${name}??=Symbol.for("Symbol.${name}");`).join("");

/** `npm run dev` shows the repositories of an embedded server that runs beside it, in the name of its own page. */
const embeddedServer = {
  target: "http://127.0.0.1:4653",
  changeOrigin: true,
  headers: { Origin: "http://127.0.0.1:4653" },
};

function constants(): Record<string, string> {
  const { version } = JSON.parse(readFileSync(resolve(project, "package.json"), "utf8")) as { version: string };
  return { __APP_VERSION__: JSON.stringify(version) };
}

function app(): UserConfig {
  return {
    root: resolve(project, "src"),
    publicDir: resolve(project, "public"),
    // Relative, so that the built app runs from any path.
    base: "./",
    define: constants(),
    plugins: [svelte({ configFile: resolve(project, "svelte.config.js") }), firstScreenBudget()],
    worker: { format: "es", rolldownOptions: { output: { banner: disposal }, checks: { bundlerTimings: false } } },
    // Packages that only the workers use would be found when the first one starts, and reload the page under it.
    optimizeDeps: { entries: ["index.html", "workers/*-worker.ts"] },
    server: { proxy: { "/repos": embeddedServer, "/up": embeddedServer } },
    build: {
      outDir: appFolder,
      emptyOutDir: true,
      target: browsers,
      // Kernels and icons stay files: the page's CSP allows no data: URLs for code.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      sourcemap: true,
      rolldownOptions: { output: { banner: disposal }, checks: { bundlerTimings: false } },
    },
  };
}

/** Prints what the first screen costs, and fails a build in which it costs too much. */
function firstScreenBudget(): Plugin {
  return {
    name: "holdall-first-screen-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const scripts = Object.values(bundle).filter((output) => output.type === "chunk");
      console.log(holdBudget(measureFirstScreen(scripts), budget.firstScreenScriptGzippedBytes));
    },
  };
}

/** One classic script at /sw.js, beside the page that registers it. */
function serviceWorker(): UserConfig {
  return {
    root: resolve(project, "src"),
    publicDir: false,
    define: constants(),
    plugins: [shellFiles()],
    build: {
      outDir: appFolder,
      emptyOutDir: false,
      target: browsers,
      sourcemap: true,
      rolldownOptions: {
        input: resolve(project, "src/sw/sw.ts"),
        output: { format: "iife", entryFileNames: "sw.js" },
      },
    },
  };
}

/** Tells the service worker what to keep for starting without a network: all that the built app loads. */
function shellFiles(): Plugin {
  return {
    name: "holdall-shell-files",
    config: ({ build }) => ({ define: { __SHELL__: JSON.stringify(builtShell(build?.outDir ?? appFolder)) } }),
  };
}

function builtShell(folder: string): { files: ShellFile[]; version: string } {
  const inAssets = readdirSync(join(folder, "assets")).map((name) => `assets/${name}`);
  const beside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  const files = [...beside.map(({ name }) => name), ...inAssets]
    .filter((path) => !/\.map$|^sw\.js$|^robots\.txt$/.test(path))
    .sort()
    .map((path) => ({
      // Some hosts answer for index.html with a redirect to its folder.
      path: path === "index.html" ? "" : path,
      integrity: `sha256-${sha256(readFileSync(join(folder, path))).toString("base64")}`,
    }));
  return { files, version: sha256(JSON.stringify(files)).toString("hex").slice(0, 16) };
}

function sha256(content: string | Uint8Array): Buffer {
  return createHash("sha256").update(content).digest();
}

/** Runs on Node beside node_modules, so packages stay outside the bundle. */
function server(): UserConfig {
  return {
    root: project,
    publicDir: false,
    define: constants(),
    build: {
      ssr: resolve(project, "src/server/main.ts"),
      outDir: resolve(project, "dist/server"),
      emptyOutDir: true,
      target: "node20",
      sourcemap: true,
      rolldownOptions: {
        external: builtinModules.flatMap((name) => [name, `node:${name}`]),
        output: { entryFileNames: "main.js" },
      },
    },
  };
}

function tests(): ViteUserConfig {
  const interop = ["test/interop/**/*.test.ts"];
  const planted = ["test/interop/planted-*.test.ts"];
  return {
    define: constants(),
    plugins: [svelte({ configFile: resolve(project, "svelte.config.js") })],
    test: {
      projects: [
        {
          extends: true,
          test: {
            name: "unit",
            include: ["test/{unit,property,contract}/**/*.test.ts"],
            // A process for each of nearly two hundred files would take its time.
            pool: "threads",
            // One less than there are processors would be one of two.
            maxWorkers: 2,
            testTimeout: 30_000,
            // A server with hundreds of folders takes its time to go from a busy disk.
            hookTimeout: 60_000,
          },
        },
        {
          extends: true,
          test: {
            name: "interop",
            include: interop,
            exclude: planted,
            testTimeout: 300_000,
            hookTimeout: 300_000,
            // Each file drives restic, servers and browsers of its own; with three at a time Firefox at times never ended opening.
            maxWorkers: 2,
          },
        },
        // Tests of the tests: run when those change, not each time.
        { extends: true, test: { name: "planted", include: planted, testTimeout: 300_000, hookTimeout: 300_000 } },
      ],
    },
  };
}
