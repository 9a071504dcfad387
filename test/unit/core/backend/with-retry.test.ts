import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import {
  type NetworkState,
  type RetryOptions,
  type Waiting,
  withRetry,
} from "../../../../src/core/backend/with-retry.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError, type HoldallError, IntegrityError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const id: Id = await hashId(utf8("x"));
const handle = { type: "data", id } as const;
const lost = () => new BackendError("network", {}, { retry: "later" });

/** A backend whose saves fail with these errors, one after the other, and then succeed. */
function failing(errors: readonly unknown[]): Backend & { attempts: number } {
  const backend = new MemoryBackend();
  const result = Object.assign(withRetry(backend), { attempts: 0 });
  result.save = async (...args) => {
    const error = errors[result.attempts++];
    if (error !== undefined) throw error;
    await backend.save(...args);
  };
  return result;
}

const middle = () => 0.5;

describe("an operation that failed", () => {
  test("is tried again after 1 s, doubling to 60 s, for as long as it takes", async () => {
    const clock = new TestClock();
    const backend = failing(Array.from({ length: 9 }, lost));
    const waits: Waiting[] = [];
    const retried = withRetry(backend, { clock, random: middle, onWaiting: (waiting) => waits.push(waiting) });
    await clock.run(retried.save(handle, utf8("x"), signal));
    expect(waits.map(({ delayMs }) => delayMs / 1000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(waits.map(({ attempts }) => attempts)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(waits[0]?.error).toMatchObject({ code: "network" });
  });

  test("waits as long as it says", async () => {
    const clock = new TestClock();
    const backend = failing([lost(), lost()]);
    const saved = withRetry(backend, { clock, random: middle }).save(handle, utf8("x"), signal);
    await clock.advance(999);
    expect(backend.attempts).toBe(1);
    await clock.advance(1);
    expect(backend.attempts).toBe(2);
    await clock.advance(2000);
    await saved;
    expect(backend.attempts).toBe(3);
  });

  test("waits half more or less by chance", async () => {
    const delayWith = async (random: number) => {
      const clock = new TestClock();
      const waits: number[] = [];
      const options = { clock, random: () => random, onWaiting: ({ delayMs }: Waiting) => waits.push(delayMs) };
      await clock.run(withRetry(failing([lost(), lost()]), options).save(handle, utf8("x"), signal));
      return waits;
    };
    expect(await delayWith(0)).toEqual([500, 1000]);
    const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(chances, async (random) => {
        const [first = 0, second = 0] = await delayWith(random);
        expect(first).toBeGreaterThanOrEqual(500);
        expect(first).toBeLessThanOrEqual(1500);
        expect(second).toBeGreaterThanOrEqual(1000);
        expect(second).toBeLessThanOrEqual(3000);
      }),
      { numRuns: 20 },
    );
  });

  test("waits at least as long as the server asked", async () => {
    const clock = new TestClock();
    const waits: number[] = [];
    const busy = (retryAfterMs: number) => new BackendError("server-busy", { retryAfterMs }, { retry: "later" });
    const options = { clock, random: middle, onWaiting: ({ delayMs }: Waiting) => waits.push(delayMs) };
    await clock.run(withRetry(failing([busy(90_000), busy(10)]), options).save(handle, utf8("x"), signal));
    expect(waits).toEqual([90_000, 2000]);
  });

  test.each<[string, unknown]>([
    ["a permanent error", new BackendError("login-rejected")],
    ["damage", new IntegrityError("upload-corrupted")],
    ["a mistake of ours", new TypeError("bug")],
    ["an abort", new DOMException("left", "AbortError")],
  ])("is not tried again after %s", async (_name, error) => {
    const backend = failing([error]);
    await expect(withRetry(backend).save(handle, utf8("x"), signal)).rejects.toBe(error);
    expect(backend.attempts).toBe(1);
  });

  test("gives up after as many attempts as the caller allows, with the last error", async () => {
    const clock = new TestClock();
    const errors: HoldallError[] = [lost(), lost(), lost()];
    const backend = failing(errors);
    const saved = withRetry(backend, { clock, attempts: 3 }).save(handle, utf8("x"), signal);
    await expect(clock.run(saved)).rejects.toBe(errors[2]);
    expect(backend.attempts).toBe(3);
  });

  test("ends at once when the caller leaves, with his reason and no timer behind", async () => {
    const clock = new TestClock();
    const backend = failing([lost(), lost()]);
    const controller = new AbortController();
    const saved = withRetry(backend, { clock }).save(handle, utf8("x"), controller.signal);
    await clock.advance(10);
    controller.abort();
    await expect(saved).rejects.toBe(controller.signal.reason);
    expect(backend.attempts).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe("without a network", () => {
  function network(isOnline: boolean) {
    let tell = () => {};
    const state: NetworkState & { connect(): void; waiting: number } = {
      waiting: 0,
      isOnline: () => isOnline,
      untilOnline: (waitSignal) =>
        new Promise((resolve, reject) => {
          state.waiting++;
          tell = () => resolve();
          waitSignal.addEventListener("abort", () => {
            state.waiting--;
            reject(waitSignal.reason);
          });
        }),
      connect: () => {
        isOnline = true;
        tell();
      },
    };
    return state;
  }

  test("an operation waits until there is one and goes on at once", async () => {
    const clock = new TestClock();
    const backend = failing([lost()]);
    const state = network(false);
    const waits: Waiting[] = [];
    const options = { clock, network: state, onWaiting: (waiting: Waiting) => waits.push(waiting) };
    const saved = withRetry(backend, options).save(handle, utf8("x"), signal);
    await clock.advance(59_000);
    expect(backend.attempts).toBe(1);
    state.connect();
    await saved;
    expect(backend.attempts).toBe(2);
    expect(waits).toMatchObject([{ isOffline: true }]);
    expect(clock.pending).toBe(0);
  });

  test("it still tries every minute, since a server on this machine needs none", async () => {
    const clock = new TestClock();
    const backend = failing([lost(), lost()]);
    const state = network(false);
    const saved = withRetry(backend, { clock, network: state }).save(handle, utf8("x"), signal);
    await clock.advance(60_000);
    expect(backend.attempts).toBe(2);
    await clock.advance(60_000);
    await saved;
    expect(state.waiting).toBe(0);
  });

  test("a caller can leave", async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const options = { clock, network: network(false) };
    const saved = withRetry(failing([lost()]), options).save(handle, utf8("x"), controller.signal);
    await clock.advance(10);
    controller.abort();
    await expect(saved).rejects.toBe(controller.signal.reason);
    expect(clock.pending).toBe(0);
  });
});

describe("where attempts are counted", () => {
  const offline: NetworkState = { isOnline: () => false, untilOnline: () => new Promise(() => {}) };

  test("nobody waits for a network that the platform says is gone", async () => {
    const backend = failing([lost(), lost()]);
    const saving = withRetry(backend, { clock: new TestClock(), attempts: 2, network: offline });
    await expect(saving.save(handle, utf8("x"), signal)).rejects.toMatchObject({ code: "network" });
    expect(backend.attempts).toBe(1);
  });

  test("nobody waits an hour for a busy server", async () => {
    const backend = failing([new BackendError("server-busy", { retryAfterMs: 3_600_000 }, { retry: "later" })]);
    const saving = withRetry(backend, { clock: new TestClock(), attempts: 2 });
    await expect(saving.save(handle, utf8("x"), signal)).rejects.toMatchObject({ code: "server-busy" });
    expect(backend.attempts).toBe(1);
  });

  test("a limit that comes or goes while an operation waits holds from then on", async () => {
    const clock = new TestClock();
    const backend = failing(Array.from({ length: 9 }, lost));
    const options: RetryOptions = { clock, random: middle, attempts: 2 };
    const retried = withRetry(backend, options);
    const saving = retried.save(handle, utf8("x"), signal);
    await clock.advance(0);
    delete options.attempts;
    await clock.advance(1000 + 2000 + 4000);
    expect(backend.attempts).toBe(4);
    options.attempts = 2;
    const refused = expect(saving).rejects.toMatchObject({ code: "network" });
    await clock.advance(8000);
    await refused;
    expect(backend.attempts).toBe(5);
  });
});
