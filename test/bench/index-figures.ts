import { connectRest } from "../../src/core/backend/connect-rest.ts";
import { openRepository } from "../../src/core/repository/open-repository.ts";
import { BareBrowser } from "../browser/bare-browser.ts";
import { BuiltPage } from "../browser/built-page.ts";
import { nodeKernels } from "../support/kernels.ts";
import { memoryJournal } from "../support/memory-repository.ts";
import type { Peer } from "../support/peers.ts";
import { benchPassword } from "./bench-world.ts";
import type { LargeIndex } from "./large-index.ts";
import { ProcessMeter } from "./process-meter.ts";

/** The index that the index files of a repository make: its typed arrays are the same here as in a browser. */
export async function indexOfRepository(url: string): Promise<string> {
  const backend = connectRest({ url, login: null });
  const { signal } = new AbortController();
  const ports = { backend, kernels: nodeKernels, journal: memoryJournal() };
  const { repository } = await openRepository(ports, { password: benchPassword, signal });
  try {
    const { size, memoryBytes, peakMemoryBytes } = await repository.indexed(signal);
    return memoryText({ blobs: size, memoryBytes, peakMemoryBytes });
  } finally {
    repository.close();
  }
}

/** An index of so many blobs in Chromium, out of records that need no server. */
export async function indexInChromium({ path }: Peer, blobs: number, seed: number): Promise<string> {
  const page = await BuiltPage.start("large-index-page");
  try {
    await using browser = await BareBrowser.start(path, page.url);
    await browser.until(() => "fillLargeIndex" in globalThis, []);
    const meter = ProcessMeter.start(browser.pid);
    const fill = (blobs: number, seed: number): LargeIndex => Reflect.get(globalThis, "fillLargeIndex")(blobs, seed);
    const filled = await browser.run(fill, [blobs, seed]);
    const { peakBytes } = meter.stop();
    const { fillingSeconds, askingNanoseconds } = filled;
    return [
      memoryText(filled),
      `filled in ${fillingSeconds.toFixed(1)} s and asked in ${askingNanoseconds.toFixed(0)} ns a blob`,
      `the whole browser took ${Math.round(peakBytes / 1e6)} MB`,
    ].join("; ");
  } finally {
    await page.close();
  }
}

function memoryText({
  blobs,
  memoryBytes,
  peakMemoryBytes,
}: Pick<LargeIndex, "blobs" | "memoryBytes" | "peakMemoryBytes">) {
  const [after, most] = [memoryBytes, peakMemoryBytes].map((bytes) => (bytes / blobs).toFixed(1));
  return `${blobs.toLocaleString("en")} blobs take ${after} bytes of typed arrays each, and at most ${most} while it grows`;
}
