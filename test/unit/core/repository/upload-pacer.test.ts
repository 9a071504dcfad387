import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UploadPacer } from "../../../../src/core/repository/upload-pacer.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const mebibyte = 1024 * 1024;

/** When each of these uploads may begin, in seconds from the start, all being asked for at once. */
async function startsOf(lengths: readonly number[], bytesPerSecond: number): Promise<number[]> {
  const clock = new TestClock();
  const begin = clock.now();
  const pacer = new UploadPacer(clock, bytesPerSecond);
  const starts = lengths.map(async (length) => {
    await pacer.pass(length, signal);
    return (clock.now() - begin) / 1000;
  });
  return clock.run(Promise.all(starts));
}

describe("uploads within a limit", () => {
  test("begin when the ones before them are paid for, the first at once", async () => {
    expect(
      await startsOf(
        [16, 16, 8, 16].map((n) => n * mebibyte),
        4 * mebibyte,
      ),
    ).toEqual([0, 4, 8, 10]);
  });

  test("never take more than the limit and one upload, over any time", async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 128 * mebibyte }), { minLength: 1, maxLength: 20 });
    const limits = fc.integer({ min: 1024, max: 100 * mebibyte });
    const holds = async (sizes: number[], limit: number) => {
      const starts = await startsOf(sizes, limit);
      for (const [i, start] of starts.entries()) {
        const before = sizes.slice(0, i).reduce((sum, length) => sum + length, 0);
        expect(before).toBeLessThanOrEqual(start * limit + limit / 100);
        expect(before).toBeGreaterThanOrEqual(start * limit - limit / 100);
      }
    };
    await fc.assert(fc.asyncProperty(lengths, limits, holds), { numRuns: 30 });
  });

  test("do not make up for time in which nothing was sent", async () => {
    const clock = new TestClock();
    const pacer = new UploadPacer(clock, mebibyte);
    await pacer.pass(mebibyte, signal);
    await clock.advance(3_600_000);
    const begin = clock.now();
    await pacer.pass(mebibyte, signal);
    expect(clock.now()).toBe(begin);
    await clock.run(pacer.pass(mebibyte, signal));
    expect(clock.now() - begin).toBe(1000);
  });

  test("end their wait at once when they are cancelled", async () => {
    const clock = new TestClock();
    const pacer = new UploadPacer(clock, mebibyte);
    await pacer.pass(100 * mebibyte, signal);
    const controller = new AbortController();
    const waiting = pacer.pass(mebibyte, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    expect(clock.pending).toBe(0);
  });

  test("are not held up by a clock that is set back", async () => {
    const clock = new TestClock();
    const pacer = new UploadPacer(clock, mebibyte);
    await pacer.pass(mebibyte, signal);
    await clock.sleepThrough(-3_600_000);
    const begin = clock.now();
    await clock.run(pacer.pass(mebibyte, signal));
    expect(clock.now() - begin).toBeLessThanOrEqual(1000);
  });
});
