import { expect, test } from "vitest";
import { deadForMs, lockOfFailure, lockOwner, lockRemoval, lockSeen } from "../../../../src/ui/lock-facts.ts";
import { Locks } from "../../../../src/ui/state/locks.svelte.ts";
import type { LockInfo } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 0, 1);

function lockOf(values: Partial<LockInfo> = {}): LockInfo {
  return {
    id: "1f".repeat(32),
    hostname: "nas",
    username: "anna",
    pid: 4711,
    timeMs: nowMs,
    exclusive: true,
    holder: "somebody",
    ...values,
  };
}

test("locks are listed newest first, unreadable ones at the end", async () => {
  const times = [nowMs - 9 * minuteMs, null, nowMs];
  const locks = times.map((timeMs, at) => lockOf({ id: String(at).repeat(64), timeMs }));
  const state = new Locks(fakeRepositoryApi({ ...preparedRepository(0), locks }));
  expect(state.load.state).toBe("loading");
  await state.reload();
  expect(state.list.map(({ timeMs }) => timeMs)).toEqual([nowMs, nowMs - 9 * minuteMs, null]);
});

test("a removed lock leaves the list at once", async () => {
  const locks = [lockOf(), lockOf({ id: "2a".repeat(32) })];
  const fake = { ...preparedRepository(0), locks };
  const state = new Locks(fakeRepositoryApi(fake));
  await state.reload();
  const removing = state.remove("1f".repeat(32));
  expect(state.removing).toBe("1f".repeat(32));
  expect(await removing).toBe(true);
  expect(state.removing).toBeNull();
  expect(state.list.map(({ id }) => id)).toEqual(["2a".repeat(32)]);
  expect(fake.locks).toHaveLength(1);
});

test("a lock that could not be removed stays, with the reason", async () => {
  const api = fakeRepositoryApi({ ...preparedRepository(0), locks: [lockOf()] });
  const state = new Locks({ ...api, removeLock: () => Promise.reject(new DOMException("no", "NotAllowedError")) });
  await state.reload();
  expect(await state.remove("1f".repeat(32))).toBe(false);
  expect(state.failure?.code).toBe("bug");
  expect(state.list).toHaveLength(1);
});

test("a lock of a tab that is gone goes with one click, one of somebody else after a question, one in use not at all", () => {
  expect(lockRemoval(lockOf({ holder: "left-behind" }))).toBe("own");
  expect(lockRemoval(lockOf({ holder: "somebody" }))).toBe("ask");
  expect(lockRemoval(lockOf({ holder: "here" }))).toBe("never");
  expect(lockRemoval(lockOf({ holder: "other-tab" }))).toBe("never");
});

test("a holder counts as dead after half an hour without a sign of life, unless this browser knows better", () => {
  expect(deadForMs(lockOf({ timeMs: nowMs - 30 * minuteMs }), nowMs)).toBeNull();
  expect(deadForMs(lockOf({ timeMs: nowMs - 31 * minuteMs }), nowMs)).toBe(31 * minuteMs);
  expect(deadForMs(lockOf({ timeMs: nowMs - 31 * minuteMs, holder: "other-tab" }), nowMs)).toBeNull();
  expect(deadForMs(lockOf({ timeMs: null }), nowMs)).toBeNull();
});

test("the age of a lock is told in words, also if it makes no sense", () => {
  expect(lockSeen(lockOf({ timeMs: nowMs - 12 * minuteMs }), nowMs)).toBe("12 minutes ago");
  expect(lockSeen(lockOf({ timeMs: nowMs + 1000 }), nowMs)).toBe("less than a minute ago");
  expect(lockSeen(lockOf({ timeMs: nowMs + 9 * minuteMs }), nowMs)).toContain("in the future");
  expect(lockSeen(lockOf({ timeMs: null }), nowMs)).toBe("cannot be read");
});

test("a failed backup tells the lock that stopped it, as far as the error knows it", () => {
  const time = new Date(nowMs).toISOString();
  const context = { lock: "1f".repeat(32), hostname: "nas", username: "anna", pid: 4711, exclusive: true, time };
  expect(lockOfFailure(context)).toEqual(lockOf());
  const unreadable = lockOfFailure({ lock: "1f".repeat(32), reason: "unreadable" });
  expect(unreadable).toMatchObject({ hostname: "", timeMs: null, pid: null });
  expect(lockOfFailure({ repository: "8f" })).toBeNull();
  expect(lockOwner(lockOf())).toBe("anna on nas");
  expect(lockOwner(lockOf({ username: "" }))).toBe("nas");
  expect(lockOwner(lockOf({ hostname: "" }))).toBe("Unknown");
});
