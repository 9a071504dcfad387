/**
 * Loads every build of the kernels, and zstd, in a module worker as the app does, and posts what they make of the samples:
 * the only place where the relaxed build runs in a test. With "?measure" it also posts how fast they are, in MB/s.
 */
import { equalBytes } from "../../src/core/base/bytes.ts";
import type { KernelBuild, KernelFile, KernelSource } from "../../src/core/base/ports.ts";
import { Chunker } from "../../src/core/codec/chunker.ts";
import { Cipher, generateMasterKey, importMasterKey } from "../../src/core/codec/cipher.ts";
import { loadCompression } from "../../src/core/codec/compression.ts";
import { type Kernel, loadKernel, loadKernelBuild } from "../../src/core/codec/kernel.ts";
import { choosePolynomial } from "../../src/core/codec/polynomial.ts";
import { hashAll } from "../../src/core/codec/sha256.ts";
import relaxed from "../../wasm/build/relaxed.wasm?url";
import scalar from "../../wasm/build/scalar.wasm?url";
import scrypt from "../../wasm/build/scrypt.wasm?url";
import simd from "../../wasm/build/simd.wasm?url";
import zstd from "../../wasm/build/zstd.wasm?url";
import { type KernelAnswers, kernelAnswers } from "../support/kernel-samples.ts";
import { noise } from "../support/noise.ts";

export interface KernelsReport {
  chosen: KernelBuild;
  answers: Record<KernelBuild, KernelAnswers>;
  sealsAndOpens: boolean;
  compressesAndDecompresses: boolean;
  speeds: Record<string, number>;
}

const addresses: Record<KernelFile, string> = { relaxed, simd, scalar, scrypt, zstd };

const source: KernelSource = {
  async load(file) {
    return new Uint8Array(await (await fetch(addresses[file])).arrayBuffer());
  },
};

report().then(
  (result) => postMessage(result),
  (error: unknown) => postMessage({ error: String(error) }),
);

async function report(): Promise<KernelsReport> {
  const kernels = {
    relaxed: await loadKernelBuild(source, "relaxed"),
    simd: await loadKernelBuild(source, "simd"),
    scalar: await loadKernelBuild(source, "scalar"),
  };
  const chosen = await loadKernel(source);
  return {
    chosen: chosen.build,
    answers: {
      relaxed: kernelAnswers(kernels.relaxed),
      simd: kernelAnswers(kernels.simd),
      scalar: kernelAnswers(kernels.scalar),
    },
    sealsAndOpens: await sealsAndOpens(chosen),
    compressesAndDecompresses: await compressesAndDecompresses(),
    speeds: self.location.search === "?measure" ? await measureAll(kernels) : {},
  };
}

async function sealsAndOpens(kernel: Kernel): Promise<boolean> {
  const cipher = new Cipher(await importMasterKey(generateMasterKey()), kernel);
  const plain = noise(1, 1_500_000);
  return equalBytes(await cipher.open(await cipher.seal(plain)), plain);
}

async function compressesAndDecompresses(): Promise<boolean> {
  const compression = await loadCompression(source);
  const plain = textLike(1_000_000);
  const frame = compression.compress(plain, "auto");
  return frame.length < plain.length / 2 && equalBytes(compression.decompress(frame, plain.length), plain);
}

async function measureAll(kernels: Record<KernelBuild, Kernel>): Promise<Record<string, number>> {
  const speeds: Record<string, number> = {};
  const file = noise(42, 16 * 1024 * 1024);
  const polynomial = choosePolynomial();
  const mebibyte = file.subarray(0, 1024 * 1024);
  const small = file.subarray(0, 4096);
  for (const kernel of Object.values(kernels)) {
    const chunker = new Chunker(kernel, polynomial);
    speeds[`chunker ${kernel.build}`] = await measure(file.length, () => chunker.cuts(file, true));
    speeds[`Poly1305 ${kernel.build} 1 MiB`] = await measure(mebibyte.length, () =>
      kernel.poly1305(small.subarray(0, 16), small.subarray(16, 32), mebibyte),
    );
    speeds[`Poly1305 ${kernel.build} 4 KiB`] = await measure(small.length, () =>
      kernel.poly1305(small.subarray(0, 16), small.subarray(16, 32), small),
    );
    const same = mebibyte.slice();
    const quarters = [0, 1, 2, 3].map((i) => file.subarray(i << 22, (i + 1) << 22));
    speeds[`SHA-256 ${kernel.build}, four lanes`] = await measure(file.length, () => hashAll(kernel, quarters));
    speeds[`SHA-256 ${kernel.build}, alone`] = await measure(file.length, () => hashAll(kernel, [file]));
    speeds[`equal ${kernel.build}`] = await measure(mebibyte.length, () => kernel.equal(mebibyte, same));
  }
  const cipher = new Cipher(await importMasterKey(generateMasterKey()), kernels.relaxed);
  for (const [name, plain] of Object.entries({
    "1 MiB": mebibyte,
    "4 KiB": small,
    "8 MiB": file.subarray(0, 8 << 20),
  })) {
    const sealed = await cipher.seal(plain);
    speeds[`seal ${name}`] = await measure(plain.length, () => cipher.seal(plain));
    speeds[`seal ${name}, 16 at once`] = await measure(16 * plain.length, () =>
      Promise.all(Array.from({ length: 16 }, () => cipher.seal(plain))),
    );
    speeds[`open ${name}`] = await measure(plain.length, () => cipher.open(sealed));
  }
  const compression = await loadCompression(source);
  const text = textLike(1024 * 1024);
  for (const mode of ["auto", "max"] as const) {
    const frame = compression.compress(text, mode);
    speeds[`zstd ${mode} ratio x100`] = (100 * text.length) / frame.length;
    speeds[`zstd ${mode} compress text`] = await measure(text.length, () => compression.compress(text, mode));
    speeds[`zstd ${mode} decompress text`] = await measure(text.length, () =>
      compression.decompress(frame, text.length),
    );
  }
  speeds["zstd auto compress noise"] = await measure(mebibyte.length, () => compression.compress(mebibyte, "auto"));
  return speeds;
}

/** The best of several runs, in MB/s: other work on the machine only ever makes a run slower. */
async function measure(bytes: number, work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000;
  do {
    // Browsers round their clock, so that a run has to take some milliseconds.
    const repeats = Math.ceil(8_000_000 / bytes);
    const start = performance.now();
    for (let i = 0; i < repeats; i++) await work();
    best = Math.min(best, (performance.now() - start) / repeats);
  } while (performance.now() < end);
  return Math.round(bytes / best / 1000);
}

function textLike(length: number): Uint8Array<ArrayBuffer> {
  const words =
    "the repository keeps every snapshot of a folder as trees of blobs in packs, sealed and named by hash".split(" ");
  const random = new Uint32Array(noise(11, length).buffer);
  let text = "";
  for (let i = 0; text.length < length; i++)
    text += `${words[(random[i] ?? 0) % words.length]}${i % 11 === 0 ? i : ""} `;
  return new TextEncoder().encode(text.slice(0, length));
}
