import { afterEach, expect, test, vi } from "vitest";
import { kernelAssets } from "../../../src/workers/kernel-assets.ts";

afterEach(() => vi.unstubAllGlobals());

test("each kernel is fetched from its own file", async () => {
  vi.stubGlobal("fetch", async (url: URL) => new Response(url.pathname.split("/").at(-1)));
  const names = await Promise.all(
    (["relaxed", "simd", "scalar", "scrypt", "zstd"] as const).map(async (file) =>
      new TextDecoder().decode(await kernelAssets.load(file)),
    ),
  );
  expect(names).toEqual(["relaxed.wasm", "simd.wasm", "scalar.wasm", "scrypt.wasm", "zstd.wasm"]);
});

test("a kernel that the server does not have, or that cannot be fetched, is unavailable", async () => {
  vi.stubGlobal("fetch", async () => new Response("", { status: 404 }));
  await expect(kernelAssets.load("simd")).rejects.toMatchObject({
    code: "kernel-unavailable",
    context: { file: "simd", status: 404 },
  });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed to fetch")));
  await expect(kernelAssets.load("simd")).rejects.toMatchObject({ code: "kernel-unavailable", retry: "later" });
});
