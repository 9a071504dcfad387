import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bytes } from "../../src/core/base/bytes.ts";
import type { KernelBuild, KernelFile, KernelSource } from "../../src/core/base/ports.ts";

const buildScript = fileURLToPath(new URL("../../wasm/build.mjs", import.meta.url));

let built: Promise<unknown> | null = null;

/** The kernels of wasm/build, which are built first if they are missing or older than their sources. */
export const nodeKernels: KernelSource = {
  async load(file: KernelFile): Promise<Bytes> {
    built ??= promisify(execFile)(process.execPath, [buildScript]);
    await built;
    return new Uint8Array(await readFile(new URL(`../../wasm/build/${file}.wasm`, import.meta.url)));
  },
};

/** The builds that the oldest supported Node runs; the relaxed one is tested in the browser. */
export const nodeKernelBuilds: readonly KernelBuild[] = ["simd", "scalar"];
