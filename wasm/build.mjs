// Builds the kernels: `node wasm/build.mjs` writes wasm/build/{relaxed,simd,scalar,scrypt,zstd}.wasm, each put in place whole.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);
const target = new URL("./build/", folder);
const sources = new URL("./assembly/", folder);
const zstdModule = new URL("../node_modules/@bokuweb/zstd-wasm/dist/web/zstd.wasm", folder);

/**
 * The exports of the zstd module have one-letter names, which src/core/codec/zstd.ts spells out. They hold for exactly
 * this file: after an update of the package, compare the names with its dist/web/zstd.js, then change the hash.
 */
const zstdHash = "80260eee5795ee8072bb5821e203730c74dca3909938f5ac1128da67f96223df";

/** 10 pages hold the static data and the window of src/core/codec/kernel.ts. */
const fixedMemory = "--initialMemory 10 --maximumMemory 10";
/** As much as src/core/codec/kdf.ts lets a key file ask for. */
const growingMemory = "--initialMemory 1 --maximumMemory 16641";

const modules = {
  relaxed: { source: "index.ts", options: `${fixedMemory} --enable simd --enable relaxed-simd` },
  simd: { source: "index.ts", options: `${fixedMemory} --enable simd` },
  scalar: { source: "index.ts", options: fixedMemory },
  scrypt: { source: "scrypt.ts", options: `${growingMemory} --enable simd` },
};

/** Speed before size, no runtime, no imports. */
const commonOptions = "--runtime stub --use abort= --noAssert --optimizeLevel 3 --shrinkLevel 0 --converge";

/** Builds what is missing or older than its source; returns whether anything had to be built. */
export async function buildKernels() {
  if (await isFresh()) return false;
  await mkdir(target, { recursive: true });
  await placeZstd();
  for (const [name, { source, options }] of Object.entries(modules)) await compile(name, source, options);
  return true;
}

async function isFresh() {
  const names = [...Object.keys(modules), "zstd"];
  const built = await Promise.all(names.map((name) => modifiedAt(new URL(`${name}.wasm`, target))));
  const files = (await readdir(sources)).map((name) => new URL(name, sources));
  const made = await Promise.all([...files, new URL(import.meta.url)].map(modifiedAt));
  return Math.min(...built) > Math.max(...made);
}

async function modifiedAt(file) {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
}

async function compile(name, source, options) {
  const { default: compiler } = await import("assemblyscript/asc");
  const binary = `${name}.${process.pid}.tmp`;
  const { error, stderr } = await compiler.main([
    source,
    "--baseDir",
    fileURLToPath(sources),
    "--outFile",
    fileURLToPath(new URL(binary, target)),
    ...`${commonOptions} ${options}`.split(" "),
  ]);
  if (error) throw new Error(`kernel ${name}: ${stderr.toString()}`, { cause: error });
  await rename(new URL(binary, target), new URL(`${name}.wasm`, target));
}

async function placeZstd() {
  const bytes = await readFile(zstdModule);
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash !== zstdHash) throw new Error(`the zstd module is another one (${hash}): see the note in wasm/build.mjs`);
  const temporary = new URL(`zstd.${process.pid}.tmp`, target);
  await writeFile(temporary, await inline(bytes));
  await rename(temporary, new URL("zstd.wasm", target));
}

/**
 * The same module, with its small functions put where they are called: it compresses by a tenth to a half faster,
 * depending on how much of that the engine does itself. With functions that loop it would decompress slower.
 */
async function inline(wasm) {
  const { default: binaryen } = await import("assemblyscript/binaryen");
  const module = binaryen.readBinary(wasm);
  module.setFeatures(binaryen.Features.SignExt | binaryen.Features.BulkMemory | binaryen.Features.NontrappingFPToInt);
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setAlwaysInlineMaxSize(50);
  binaryen.setFlexibleInlineMaxSize(200);
  binaryen.setOneCallerInlineMaxSize(2000);
  binaryen.setAllowInliningFunctionsWithLoops(false);
  module.runPasses(["inlining-optimizing"]);
  if (!module.validate()) throw new Error("the zstd module is not valid any more");
  return module.emitBinary();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels();
