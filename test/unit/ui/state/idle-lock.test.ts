import { expect, test } from "vitest";
import { IdleLock } from "../../../../src/ui/state/idle-lock.svelte.ts";

const minute = 60_000;

function idleLock(minutes: number | null) {
  const world = { nowMs: 0, busy: false, locked: 0 };
  const idle = new IdleLock({
    minutes: () => minutes,
    isBusy: () => world.busy,
    lock: () => {
      world.locked += 1;
    },
    now: () => world.nowMs,
  });
  const at = (timeMs: number) => {
    world.nowMs = timeMs;
    idle.tick();
  };
  return { world, idle, at };
}

test("thirty seconds before it locks it says so, and then it locks", () => {
  const { world, idle, at } = idleLock(15);
  at(14.4 * minute);
  expect(idle.secondsLeft).toBeNull();
  at(14.5 * minute);
  expect(idle.secondsLeft).toBe(30);
  at(15 * minute - 1);
  expect([idle.secondsLeft, world.locked]).toEqual([1, 0]);
  at(15 * minute);
  expect([idle.secondsLeft, world.locked]).toEqual([null, 1]);
});

test("any sign of life takes the warning away and begins anew", () => {
  const { world, idle, at } = idleLock(15);
  at(14.8 * minute);
  idle.live();
  expect(idle.secondsLeft).toBeNull();
  at(29.7 * minute);
  expect([idle.secondsLeft, world.locked]).toEqual([6, 0]);
});

test("a running job is life", () => {
  const { world, at } = idleLock(5);
  world.busy = true;
  for (let now = 0; now <= 60; now += 1) at(now * minute);
  expect(world.locked).toBe(0);
  world.busy = false;
  at(65 * minute);
  expect(world.locked).toBe(1);
});

test("who opens the lid after hours finds it locked, even if a key is the first thing that happens", () => {
  const { world, idle } = idleLock(15);
  world.nowMs = 8 * 60 * minute;
  idle.live();
  expect([world.locked, idle.secondsLeft]).toEqual([1, null]);
});

test("never is never", () => {
  const { world, idle, at } = idleLock(null);
  at(1e12);
  expect([world.locked, idle.secondsLeft]).toEqual([0, null]);
});
