import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** As deep in the project as test/support is: what the engine opens beside its own files, it names from there. */
const folder = join(root, "test-results/engine");

/**
 * holdall.ts in one file, made once for a test process: the program is started hundreds of times, and most of such a start was
 * the translation of its modules.
 */
export function holdallProgram(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

let bundled: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    root,
    logLevel: "error",
    build: { ssr: join(root, "test/interop/holdall.ts"), target: "node20", write: false },
  });
  const [chunk] = "output" in result ? result.output : [];
  if (chunk?.type !== "chunk") throw new Error("the engine's program was not bundled");
  const path = join(folder, "holdall.mjs");
  const own = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  await writeFile(own, chunk.code);
  // In one step: another test process may be about to run the one that is there.
  await rename(own, path);
  return path;
}
