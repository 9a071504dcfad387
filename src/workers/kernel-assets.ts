import { UnsupportedError } from "../core/base/errors.ts";
import type { KernelFile, KernelSource } from "../core/base/ports.ts";

// Never inlined: the page's Content-Security-Policy allows no data: URLs.
const urls: Record<KernelFile, URL> = {
  relaxed: new URL("../../wasm/build/relaxed.wasm?no-inline", import.meta.url),
  simd: new URL("../../wasm/build/simd.wasm?no-inline", import.meta.url),
  scalar: new URL("../../wasm/build/scalar.wasm?no-inline", import.meta.url),
  scrypt: new URL("../../wasm/build/scrypt.wasm?no-inline", import.meta.url),
  zstd: new URL("../../wasm/build/zstd.wasm?no-inline", import.meta.url),
};

/** The kernels as files of the app. Throws UnsupportedError "kernel-unavailable" when one cannot be fetched. */
export const kernelAssets: KernelSource = {
  async load(file) {
    const response = await fetchAsset(file);
    if (!response.ok) throw new UnsupportedError("kernel-unavailable", { file, status: response.status });
    return new Uint8Array(await response.arrayBuffer());
  },
};

async function fetchAsset(file: KernelFile): Promise<Response> {
  try {
    return await fetch(urls[file], { credentials: "same-origin" });
  } catch (cause) {
    throw new UnsupportedError("kernel-unavailable", { file }, { retry: "later", cause });
  }
}
