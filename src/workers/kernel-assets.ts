import { UnsupportedError } from "../core/base/errors.ts";
import type { KernelBuild, KernelSource } from "../core/base/ports.ts";

// Never inlined: the page's Content-Security-Policy allows no data: URLs.
const urls: Record<KernelBuild, URL> = {
  relaxed: new URL("../../wasm/build/relaxed.wasm?no-inline", import.meta.url),
  simd: new URL("../../wasm/build/simd.wasm?no-inline", import.meta.url),
  scalar: new URL("../../wasm/build/scalar.wasm?no-inline", import.meta.url),
};

/** The kernels as files of the app. Throws UnsupportedError "kernel-unavailable" when one cannot be fetched. */
export const kernelAssets: KernelSource = {
  async load(build) {
    const response = await fetchAsset(build);
    if (!response.ok) throw new UnsupportedError("kernel-unavailable", { build, status: response.status });
    return new Uint8Array(await response.arrayBuffer());
  },
};

async function fetchAsset(build: KernelBuild): Promise<Response> {
  try {
    return await fetch(urls[build], { credentials: "same-origin" });
  } catch (cause) {
    throw new UnsupportedError("kernel-unavailable", { build }, { retry: "later", cause });
  }
}
