import { expect, test } from "vitest";
import { bytesOfHex, hexOf, utf8 } from "../../../../src/core/base/bytes.ts";
import { UnsupportedError } from "../../../../src/core/base/errors.ts";
import type { KernelFile, KernelSource } from "../../../../src/core/base/ports.ts";
import { loadKernel, loadKernelBuild } from "../../../../src/core/codec/kernel.ts";
import { parsePolynomial } from "../../../../src/core/codec/polynomial.ts";
import { kernelAnswers, referenceAnswers } from "../../../support/kernel-samples.ts";
import { nodeKernelBuilds, nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

const expectedAnswers = await referenceAnswers();

/** A source in which some files are damaged. */
function damaged(files: readonly KernelFile[]): KernelSource {
  return {
    async load(file) {
      const bytes = await nodeKernels.load(file);
      return files.includes(file) ? bytes.subarray(0, bytes.length - 1) : bytes;
    },
  };
}

test("the fastest build that the engine accepts is chosen", async () => {
  expect((await loadKernel(damaged(["relaxed"]))).build).toBe("simd");
  expect((await loadKernel(damaged(["relaxed", "simd"]))).build).toBe("scalar");
});

test("where no build runs, the error says so and keeps the engine's reason", async () => {
  const error = await loadKernel(damaged(["relaxed", "simd", "scalar"])).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnsupportedError);
  expect(error).toMatchObject({ code: "kernel-unavailable", cause: expect.any(WebAssembly.CompileError) });
});

test("a file that is no kernel of ours is refused", async () => {
  const emptyModule = bytesOfHex("0061736d01000000");
  await expect(loadKernel({ load: async () => emptyModule })).rejects.toMatchObject({ code: "kernel-unavailable" });
});

for (const build of nodeKernelBuilds) {
  test(`${build}: Poly1305 gives the tag of RFC 8439`, async () => {
    const kernel = await loadKernelBuild(nodeKernels, build);
    const r = bytesOfHex("85d6be7857556d337f4452fe42d506a8");
    const s = bytesOfHex("0103808afb0db2fd4abff6af4149f51b");
    const tag = kernel.poly1305(r, s, utf8("Cryptographic Forum Research Group"));
    expect(hexOf(tag)).toBe("a8061dc1305136c6c22b8baf0c0127a9");
  });

  test(`${build}: the samples give the references' answers`, async () => {
    expect(kernelAnswers(await loadKernelBuild(nodeKernels, build))).toEqual(expectedAnswers);
  });

  test(`${build}: equality looks at every byte and at the length, whatever the alignment`, async () => {
    const kernel = await loadKernelBuild(nodeKernels, build);
    const left = noise(3, 700_000);
    const shifted = noise(3, 700_000);
    const right = new Uint8Array(new ArrayBuffer(700_003), 3);
    right.set(shifted);
    expect(kernel.equal(left, right)).toBe(true);
    expect(kernel.equal(left, right.subarray(1))).toBe(false);
    expect(kernel.equal(left.subarray(0, 0), right.subarray(0, 0))).toBe(true);
    for (const at of [0, 1, 262_143, 262_144, 262_145, 524_288, 699_999]) {
      right[at] = (right[at] ?? 0) ^ 0x80;
      expect(kernel.equal(left, right), `byte ${at}`).toBe(false);
      right[at] = (right[at] ?? 0) ^ 0x80;
    }
  });

  test(`${build}: two polynomials on one kernel do not get into each other's way`, async () => {
    const kernel = await loadKernelBuild(nodeKernels, build);
    const bytes = noise(42, 4_000_000);
    const first = parsePolynomial("3da3358b4dc173");
    const second = parsePolynomial("33e47a8a42533b");
    const find = (polynomial: typeof first) => kernel.findCut(polynomial, bytes, 64, bytes.length);
    const cuts = [find(first), find(second)];
    expect([find(first), find(second)]).toEqual(cuts);
    expect(cuts[0]).not.toBe(cuts[1]);
  });
}

test("positions outside the bytes are refused", async () => {
  const kernel = await loadKernelBuild(nodeKernels, "scalar");
  const polynomial = parsePolynomial("3da3358b4dc173");
  expect(() => kernel.findCut(polynomial, new Uint8Array(100), 63, 100)).toThrow(RangeError);
  expect(() => kernel.findCut(polynomial, new Uint8Array(100), 64, 102)).toThrow(RangeError);
});
