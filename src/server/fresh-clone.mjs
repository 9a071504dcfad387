// What `npm start` and `npm test` do first, so that a fresh clone needs no other word. Nothing here may import a
// package: there is none yet.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../", import.meta.url));
const stamp = join(project, "dist/.built-from");
/** Everything that the built app, service worker and server are made of. */
const ingredients = ["src", "public", "wasm", "package-lock.json", "vite.config.ts", "svelte.config.js"];

/** Installs the packages if they are missing or older than what the lock file asks for. */
export function ensureInstalled() {
  const installed = modifiedAt(join(project, "node_modules/.package-lock.json"));
  if (installed >= modifiedAt(join(project, "package-lock.json"))) return;
  console.log("Installing packages…");
  mustSucceed("npm ci", runNpm(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]));
}

/** Builds kernels, app and server unless they were built from just these files. */
export function ensureBuilt() {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint()) return;
  console.log("Building Holdall…");
  mustSucceed("npm run build", runNpm(["run", "--silent", "build"]));
}

/** Says what the build was made of. To be called when it is complete. */
export function markBuilt() {
  writeFileSync(stamp, fingerprint());
}

/** Runs npm in the project, its output here; returns the exit code. */
export function runNpm(args, environment = {}) {
  const { status, error } = spawnSync(...npmCommand(args, environment));
  if (error) throw error;
  return status ?? 1;
}

/** The same beside other things; resolves with the exit code. */
export function startNpm(args, environment = {}) {
  const child = spawn(...npmCommand(args, environment));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 1));
  });
}

function npmCommand(args, environment) {
  const options = { cwd: project, stdio: "inherit", env: { ...process.env, ...environment } };
  // npm names its own program; without it (run by hand) the shell must find it, which on Windows is a script.
  const program = process.env.npm_execpath;
  return program?.endsWith(".js")
    ? [process.execPath, [program, ...args], options]
    : ["npm", args, { ...options, shell: process.platform === "win32" }];
}

function mustSucceed(name, exitCode) {
  if (exitCode === 0) return;
  console.error(`${name} ended with exit code ${exitCode}`);
  process.exit(exitCode);
}

/** Names, sizes and times of all ingredients: a file that is gone changes it too. */
function fingerprint() {
  const hash = createHash("sha256").update(process.version);
  for (const ingredient of ingredients) addFacts(ingredient, hash);
  return hash.digest("hex");
}

function addFacts(path, hash) {
  const facts = statSync(join(project, path));
  if (facts.isFile()) {
    hash.update(`${path}\n${facts.size} ${facts.mtimeMs}\n`);
    return;
  }
  // Kernels are a product, not an ingredient.
  const names = readdirSync(join(project, path)).filter((name) => !(path === "wasm" && name === "build"));
  for (const name of names.sort()) addFacts(`${path}/${name}`, hash);
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}
