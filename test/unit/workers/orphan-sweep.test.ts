import { expect, test } from "vitest";
import { BackendError } from "../../../src/core/base/errors.ts";
import { sweepOrphans } from "../../../src/workers/orphan-sweep.ts";
import { TestClock } from "../../support/test-clock.ts";

test("it is tried at once, several times within five seconds, and later again, whatever the server says", async () => {
  const clock = new TestClock();
  const startMs = clock.now();
  const atMs: number[] = [];
  const removeOrphanedLocks = async () => {
    atMs.push(clock.now() - startMs);
    throw new BackendError("network");
  };
  await clock.run(sweepOrphans({ removeOrphanedLocks }, clock, new AbortController().signal));
  expect(atMs[0]).toBe(0);
  expect(atMs.filter((ms) => ms < 5000).length).toBeGreaterThanOrEqual(4);
  expect(atMs.at(-1)).toBe(300_000);
});

test("it ends with the session, and leaves no timer", async () => {
  const clock = new TestClock();
  const closing = new AbortController();
  let attempts = 0;
  const removeOrphanedLocks = async () => ++attempts;
  const sweeping = sweepOrphans({ removeOrphanedLocks }, clock, closing.signal);
  await clock.advance(1000);
  closing.abort();
  await sweeping;
  expect(clock.pending).toBe(0);
  expect(attempts).toBe(3);
});
