import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { type Bytes, concatBytes, randomBytes, textOf, utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError, FormatError, LockedError } from "../../../../src/core/base/errors.ts";
import { type Id, idOfBytes, parseId } from "../../../../src/core/base/id.ts";
import { acquireLock, awaitLock, type LockPorts } from "../../../../src/core/repository/lock.ts";
import { OrphanedLocks } from "../../../../src/core/repository/orphaned-locks.ts";
import { dyingAt, type Failure, type Operation, observed } from "../../../support/failing-backend.ts";
import { memoryJournal } from "../../../support/memory-repository.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const minute = 60_000;
const repositoryId = "r".repeat(64);

let clock: TestClock;
let server: MemoryBackend;
let ports: LockPorts;

beforeEach(() => {
  clock = new TestClock();
  server = new MemoryBackend();
  ports = portsOn(server);
});

/** One device on a backend. Lock files are a random salt and plain JSON here; sealing has its own tests. */
function portsOn(backend: Backend): LockPorts {
  return {
    backend,
    journal: memoryJournal(),
    repositoryId,
    clock,
    files: {
      seal: async (json) => sealed(json),
      load: async (type, id, loadSignal) => {
        const stored = await backend.load({ type, id }, loadSignal);
        if (stored.length < saltLength) throw new FormatError("sealed-data-short", { type, id });
        return stored.slice(saltLength);
      },
    },
  };
}

const saltLength = 8;

function sealed(json: Bytes): { id: Id; sealed: Bytes } {
  const bytes = concatBytes([randomBytes(saltLength), json]);
  return { id: idOf(bytes), sealed: bytes };
}

function idOf(bytes: Bytes): Id {
  return idOfBytes(new Uint8Array(createHash("sha256").update(bytes).digest()));
}

async function plant(json: string): Promise<Id> {
  const lock = sealed(utf8(json));
  await server.save({ type: "lock", id: lock.id }, lock.sealed, signal);
  return lock.id;
}

async function storedLocks(): Promise<string[]> {
  return (await server.list("lock", signal)).map(({ id }) => id);
}

async function storedLock(id: string): Promise<Record<string, unknown>> {
  const known = parseId(id);
  if (known === null) throw new Error("not an id");
  return JSON.parse(textOf(await ports.files.load("lock", known, signal))) as Record<string, unknown>;
}

const acquire = (kind: "shared" | "exclusive", on = ports) => clock.run(acquireLock(on, kind, signal));

/** Names of operations with what they did to which lock: "save A", "remove B", in order of first appearance. */
function steps(operations: readonly Operation[]): string[] {
  const letters = new Map<string, string>();
  return operations.map(({ name, file }) => {
    if (name === "list") return "list";
    if (!letters.has(file)) letters.set(file, String.fromCharCode(65 + letters.size));
    return `${name} ${letters.get(file)}`;
  });
}

describe("taking a lock", () => {
  test.each(["shared", "exclusive"] as const)(
    "a %s lock is a file with an invented host and no process",
    async (kind) => {
      const lock = await acquire(kind);
      expect(await storedLocks()).toEqual([lock.id]);
      const { hostname, ...rest } = await storedLock(lock.id);
      expect(hostname).toMatch(/^holdall-[0-9a-f]{16}$/);
      expect(rest).toEqual({ time: "2026-01-01T00:00:00Z", exclusive: kind === "exclusive", username: "holdall" });
      expect(lock.kind).toBe(kind);
    },
  );

  test.each([
    ["shared", "shared", true],
    ["shared", "exclusive", false],
    ["exclusive", "shared", false],
    ["exclusive", "exclusive", false],
  ] as const)("while somebody holds a %s lock, a %s one: %s", async (theirs, ours, isGranted) => {
    await acquire(theirs, portsOn(server));
    const attempt = acquire(ours);
    if (isGranted) expect((await attempt).signal.aborted).toBe(false);
    else await expect(attempt).rejects.toMatchObject({ name: "LockedError", code: "locked" });
    expect(await storedLocks()).toHaveLength(isGranted ? 2 : 1);
  });

  test("the error says whose lock it is", async () => {
    const id = await plant(
      '{"time":"2025-12-31T23:00:00Z","exclusive":true,"hostname":"vm","username":"root","pid":7}',
    );
    await expect(acquire("shared")).rejects.toMatchObject({
      code: "locked",
      retry: "later",
      context: { lock: id, hostname: "vm", username: "root", time: "2025-12-31T23:00:00Z", exclusive: true, pid: 7 },
    });
  });

  test("an old exclusive lock still counts: only a person may call it dead", async () => {
    await plant('{"time":"2020-01-01T00:00:00Z","exclusive":true}');
    await expect(acquire("shared")).rejects.toMatchObject({ code: "locked" });
  });

  test("of two who come at the same moment, at most one gets an exclusive lock, and the loser leaves nothing", async () => {
    const others = portsOn(server);
    const attempts = [acquireLock(ports, "exclusive", signal), acquireLock(others, "exclusive", signal)];
    const results = await clock.run(Promise.allSettled(attempts));
    const granted = results.filter((result) => result.status === "fulfilled");
    expect(granted.length).toBeLessThanOrEqual(1);
    expect(await storedLocks()).toHaveLength(granted.length);
  });

  test("a lock that comes up during the wait wins, and ours is removed", async () => {
    const attempt = acquireLock(ports, "exclusive", signal);
    const failure = expect(attempt).rejects.toMatchObject({ code: "locked" });
    await clock.advance(199);
    const id = await plant('{"time":"2026-01-01T00:00:00Z"}');
    await clock.advance(1);
    await failure;
    expect(await storedLocks()).toEqual([id]);
    expect(await ports.journal.list(repositoryId)).toEqual([]);
  });

  test("two looks are 200 ms apart, the first before the lock is written", async () => {
    const backend = observed(server);
    const attempt = acquireLock(portsOn(backend), "shared", signal);
    await clock.advance(199);
    expect(steps(backend.operations)).toEqual(["list", "save A"]);
    await clock.advance(1);
    await attempt;
    expect(steps(backend.operations)).toEqual(["list", "save A", "list"]);
  });

  test("an empty lock file is no lock", async () => {
    await server.save({ type: "lock", id: idOf(new Uint8Array(0)) }, new Uint8Array(0), signal);
    expect((await acquire("exclusive")).kind).toBe("exclusive");
  });

  test("a lock that cannot be read is tried four times in 35 seconds and then stands in the way", async () => {
    const id = await plant("{");
    const backend = observed(server);
    const begin = clock.now();
    await expect(clock.run(acquireLock(portsOn(backend), "shared", signal))).rejects.toMatchObject({
      name: "LockedError",
      code: "locked",
      retry: "never",
      context: { lock: id, reason: "unreadable", problem: "lock-malformed" },
    });
    expect(clock.now() - begin).toBe(35_000);
    expect(backend.operations.filter(({ name }) => name === "load")).toHaveLength(4);
    expect(backend.operations.filter(({ name }) => name === "save")).toHaveLength(0);
  });

  test("a lock that goes while it is being looked at is no conflict", async () => {
    const id = await plant('{"time":"2026-01-01T00:00:00Z","exclusive":true}');
    const backend = observed(server);
    const on = portsOn({
      ...backend,
      list: async (...args) => {
        const listed = await backend.list(...args);
        await server.remove({ type: "lock", id }, signal);
        return listed;
      },
    });
    expect((await acquire("exclusive", on)).kind).toBe("exclusive");
  });

  test.each([-20, 20, 600])("none is taken while the clocks are %i minutes apart, and none stays", async (minutes) => {
    let aheadMs: number | null = null;
    const backend = observed(server);
    const telling: Backend = {
      ...backend,
      clockAheadMs: () => aheadMs,
      save: async (...args) => {
        await backend.save(...args);
        aheadMs = minutes * minute;
      },
    };
    const skewed = {
      name: "HoldallError",
      code: "clock-skewed",
      context: { aheadMs: minutes * minute, minutes: Math.abs(minutes) },
    };
    await expect(acquire("shared", portsOn(telling))).rejects.toMatchObject(skewed);
    expect(await storedLocks()).toEqual([]);
    backend.operations.length = 0;
    await expect(acquire("shared", portsOn(telling))).rejects.toMatchObject(skewed);
    expect(backend.operations).toEqual([]);
  });

  test("clocks that are less than 20 minutes apart hinder nobody", async () => {
    const lock = await acquire("shared", portsOn({ ...observed(server), clockAheadMs: () => -20 * minute + 1 }));
    expect(lock.signal.aborted).toBe(false);
  });

  test("whoever cancels during the wait leaves no lock", async () => {
    const controller = new AbortController();
    const attempt = acquireLock(ports, "shared", controller.signal);
    const failure = expect(attempt).rejects.toMatchObject({ name: "AbortError" });
    await clock.advance(100);
    expect(await storedLocks()).toHaveLength(1);
    controller.abort();
    await failure;
    expect(await storedLocks()).toEqual([]);
  });

  test("a lock whose storing was reported as failed, but happened, is removed", async () => {
    const backend = observed(server, ({ name }) => (name === "save" ? "after" : "none"));
    await expect(acquire("shared", portsOn(backend))).rejects.toMatchObject({ code: "network" });
    expect(await storedLocks()).toEqual([]);
  });

  test("a lock file is claimed and journalled before it exists", async () => {
    const journal = memoryJournal();
    let wasKnown = false;
    const backend: Backend = {
      ...observed(server),
      save: async (handle, bytes, saveSignal) => {
        const id = handle.type === "config" ? "" : handle.id;
        wasKnown = (await journal.isClaimed(id)) && (await journal.list(repositoryId)).includes(id);
        await server.save(handle, bytes, saveSignal);
      },
    };
    await acquire("shared", { ...portsOn(backend), journal });
    expect(wasKnown).toBe(true);
  });

  test("whenever the network dies, a lock that stays behind is known and unclaimed, so the next unlock removes it", async () => {
    const attempt = async (step: number, how: "before" | "after") => {
      clock = new TestClock();
      server = new MemoryBackend();
      const dying = dyingAt(server, step, how);
      const device = portsOn(dying);
      const lock = await clock.run(acquireLock(device, "exclusive", signal)).catch((error: unknown) => error);
      if (!(lock instanceof Error)) await clock.run((lock as { release(): Promise<void> }).release());
      const left = await storedLocks();
      for (const id of left) {
        expect(await device.journal.list(repositoryId)).toContain(id);
        expect(await device.journal.isClaimed(id)).toBe(false);
      }
      const orphans = new OrphanedLocks({ ...device, backend: server });
      expect(await orphans.remove(signal)).toBe(left.length);
      expect(await storedLocks()).toEqual([]);
      await clock.advance(minute);
      await orphans.remove(signal);
      expect(await device.journal.list(repositoryId)).toEqual([]);
      return dying.operations.length < step;
    };
    for (const how of ["before", "after"] as const) {
      for (let step = 1; !(await attempt(step, how)); step++) expect(step).toBeLessThan(20);
    }
  });
});

describe("waiting for a lock", () => {
  /** Notes when which lock was waited for. */
  function waits() {
    const begin = clock.now();
    const seen: [seconds: number, lock: unknown][] = [];
    const onWaiting = (other: LockedError | null) =>
      void seen.push([(clock.now() - begin) / 1000, other?.context["lock"] ?? null]);
    return { seen, onWaiting };
  }

  test("asks again after 5 seconds, doubling to a minute, until the other one is gone", async () => {
    const other = await plant('{"time":"2026-01-01T00:00:00Z","exclusive":true,"hostname":"vm"}');
    const { seen, onWaiting } = waits();
    const attempt = awaitLock(ports, "shared", signal, onWaiting);
    await clock.advance(200_000);
    await server.remove({ type: "lock", id: other }, signal);
    const lock = await clock.run(attempt);
    expect(lock.signal.aborted).toBe(false);
    const times = [0, 5, 15, 35, 75, 135, 195];
    expect(seen).toEqual([...times.map((seconds) => [seconds, other]), [255.2, null]]);
    expect(await storedLocks()).toEqual([lock.id]);
  });

  test("tells nothing if there is nothing to wait for", async () => {
    const { seen, onWaiting } = waits();
    await clock.run(awaitLock(ports, "exclusive", signal, onWaiting));
    expect(seen).toEqual([]);
  });

  test("ends at once when it is cancelled, and leaves no lock", async () => {
    const other = await plant('{"time":"2026-01-01T00:00:00Z","exclusive":true}');
    const controller = new AbortController();
    const { seen, onWaiting } = waits();
    const attempt = awaitLock(ports, "shared", controller.signal, onWaiting);
    const failure = expect(attempt).rejects.toMatchObject({ name: "AbortError" });
    await clock.advance(7_000);
    controller.abort();
    await failure;
    expect(seen.at(-1)).toEqual([7, null]);
    expect(await storedLocks()).toEqual([other]);
    expect(clock.pending).toBe(0);
  });

  test("does not wait for a lock that cannot be read", async () => {
    await plant("{");
    const { seen, onWaiting } = waits();
    await expect(clock.run(awaitLock(ports, "shared", signal, onWaiting))).rejects.toMatchObject({
      code: "locked",
      context: { reason: "unreadable" },
    });
    expect(seen).toEqual([]);
  });
});

describe("keeping a lock", () => {
  test("every five minutes a new file is written before the old one is removed", async () => {
    const backend = observed(server);
    const lock = await acquire("shared", portsOn(backend));
    const first = lock.id;
    backend.operations.length = 0;
    await clock.advance(5 * minute - 1000);
    expect(backend.operations).toEqual([]);
    await clock.advance(1000);
    expect(steps(backend.operations)).toEqual(["save A", "remove B"]);
    expect(await storedLocks()).toEqual([lock.id]);
    expect(lock.id).not.toBe(first);
    const { time } = await storedLock(lock.id);
    expect(Date.parse(String(time))).toBe(clock.now());
    await clock.advance(60 * minute);
    expect(backend.operations).toHaveLength(2 * 13);
    expect(await storedLocks()).toHaveLength(1);
  });

  test("a refreshed lock keeps its host, kind and place in the journal", async () => {
    const lock = await acquire("exclusive");
    const { hostname } = await storedLock(lock.id);
    await clock.advance(5 * minute);
    expect(await storedLock(lock.id)).toMatchObject({ hostname, exclusive: true });
    expect(await ports.journal.list(repositoryId)).toEqual([lock.id]);
    expect(await ports.journal.isClaimed(lock.id)).toBe(true);
  });

  test("a fresh lock is confirmed without asking the server", async () => {
    const backend = observed(server);
    const lock = await acquire("shared", portsOn(backend));
    backend.operations.length = 0;
    await lock.ensureFresh();
    expect(backend.operations).toEqual([]);
  });

  test("after a long sleep it is looked for, before and 200 ms after the new one is written", async () => {
    const backend = observed(server);
    const lock = await acquire("shared", portsOn(backend));
    backend.operations.length = 0;
    await clock.sleepThrough(23 * minute);
    const begin = clock.now();
    await clock.run(lock.ensureFresh());
    expect(steps(backend.operations)).toEqual(["stat A", "save B", "stat A", "remove A"]);
    expect(clock.now() - begin).toBeGreaterThanOrEqual(200);
    expect(lock.signal.aborted).toBe(false);
    expect(await storedLocks()).toEqual([lock.id]);
  });

  test("after 22 minutes it is simply refreshed, from 22.5 on it is looked for", async () => {
    const backend = observed(server);
    const lock = await acquire("shared", portsOn(backend));
    backend.operations.length = 0;
    await clock.sleepThrough(22 * minute);
    await lock.ensureFresh();
    expect(steps(backend.operations)).not.toContain("stat A");
  });

  test("a lock that somebody removed during a sleep is lost, and no new one stays", async () => {
    const lock = await acquire("shared");
    for (const id of await server.list("lock", signal)) await server.remove({ type: "lock", ...id }, signal);
    await clock.sleepThrough(40 * minute);
    await expect(clock.run(lock.ensureFresh())).rejects.toMatchObject({ name: "LockedError", code: "lock-lost" });
    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toBeInstanceOf(LockedError);
    expect(await storedLocks()).toEqual([]);
    await clock.advance(60 * minute);
    expect(await storedLocks()).toEqual([]);
  });

  test("a lock that is removed while the new one is being written is lost", async () => {
    const backend = observed(server);
    const removing: Backend = {
      ...backend,
      save: async (handle, bytes, saveSignal) => {
        for (const { id } of await server.list("lock", signal)) await server.remove({ type: "lock", id }, signal);
        await server.save(handle, bytes, saveSignal);
      },
    };
    const lock = await acquire("shared", portsOn(removing));
    await clock.sleepThrough(30 * minute);
    await expect(clock.run(lock.ensureFresh())).rejects.toMatchObject({ code: "lock-lost" });
    expect(await storedLocks()).toEqual([]);
  });

  test("a refresh that took so long that the old lock became stale counts only if that one is still there", async () => {
    let holdUp = async () => {};
    const slow: Backend = {
      ...observed(server),
      save: async (handle, bytes, saveSignal) => {
        await holdUp();
        await server.save(handle, bytes, saveSignal);
      },
    };
    const lock = await acquire("shared", portsOn(slow));
    const old = lock.id;
    holdUp = async () => {
      await clock.sleepThrough(20 * minute);
      for (const { id } of await server.list("lock", signal))
        if (id === old) await server.remove({ type: "lock", id }, signal);
    };
    await clock.advance(5 * minute);
    await clock.advance(1000);
    expect(lock.signal.reason).toMatchObject({ code: "lock-lost" });
    expect(await storedLocks()).toEqual([]);
  });

  test("a refresh that failed is tried again after a minute", async () => {
    let failure: Failure = "none";
    const backend = observed(server, () => failure);
    const lock = await acquire("shared", portsOn(backend));
    const first = lock.id;
    failure = "before";
    await clock.advance(7 * minute);
    expect(lock.id).toBe(first);
    failure = "none";
    await clock.advance(minute);
    expect(lock.id).not.toBe(first);
    expect(lock.signal.aborted).toBe(false);
  });

  test("a lock that cannot be refreshed for 22.5 minutes is lost, with the reason", async () => {
    let failure: Failure = "none";
    const lock = await acquire("shared", portsOn(observed(server, () => failure)));
    failure = "before";
    await clock.advance(22 * minute);
    expect(lock.signal.aborted).toBe(false);
    await clock.advance(2 * minute);
    expect(lock.signal.reason).toMatchObject({ code: "lock-lost", cause: { code: "network" } });
    await expect(lock.ensureFresh()).rejects.toBe(lock.signal.reason);
  });

  test("a clock that was set back makes the lock prove itself", async () => {
    const backend = observed(server);
    const lock = await acquire("shared", portsOn(backend));
    backend.operations.length = 0;
    await clock.sleepThrough(-40 * minute);
    await clock.run(lock.ensureFresh());
    expect(steps(backend.operations)).toEqual(["stat A", "save B", "stat A", "remove A"]);
  });

  test("whatever happens to the network while it is kept, at most two files stand for one lock", async () => {
    const failures = fc.array(fc.constantFrom<Failure>("none", "none", "before", "after"), { maxLength: 40 });
    const keep = async (script: readonly Failure[]) => {
      clock = new TestClock();
      server = new MemoryBackend();
      let isStarted = false;
      let next = 0;
      const backend = observed(server, () => (isStarted ? (script[next++] ?? "none") : "none"));
      const device = portsOn(backend);
      const lock = await acquire("shared", device);
      isStarted = true;
      for (let i = 0; i < 60; i++) {
        await clock.advance(minute);
        if (!lock.signal.aborted) expect(await storedLocks()).toContain(lock.id);
      }
      await lock.release();
      const journal = await device.journal.list(repositoryId);
      for (const id of await storedLocks()) expect(journal).toContain(id);
    };
    await fc.assert(fc.asyncProperty(failures, keep), { numRuns: 30 });
  });
});

describe("giving a lock back", () => {
  test("releasing removes the file, the journal's entry and the claim, and stops the clock", async () => {
    const lock = await acquire("exclusive");
    await Promise.all([lock.release(), lock.release()]);
    await lock.release();
    expect(await storedLocks()).toEqual([]);
    expect(await ports.journal.list(repositoryId)).toEqual([]);
    expect(await ports.journal.isClaimed(lock.id)).toBe(false);
    expect(clock.pending).toBe(0);
    expect(lock.signal.aborted).toBe(false);
  });

  test("a lock ends with its block", async () => {
    {
      await using lock = await acquire("exclusive");
      expect(await storedLocks()).toEqual([lock.id]);
    }
    expect(await storedLocks()).toEqual([]);
  });

  test("nothing may be written under a released lock", async () => {
    const lock = await acquire("shared");
    await lock.release();
    await expect(lock.ensureFresh()).rejects.toMatchObject({ code: "lock-lost", context: { reason: "released" } });
  });

  test("nothing may be written under a lock that is given up; its file goes when it is released", async () => {
    const lock = await acquire("shared");
    lock.giveUp();
    await expect(lock.ensureFresh()).rejects.toMatchObject({ code: "lock-lost", context: { reason: "given up" } });
    expect(lock.signal.aborted).toBe(true);
    await lock.release();
    expect(await storedLocks()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("releasing during a refresh leaves neither file", async () => {
    let letGo = () => {};
    let isHeld = false;
    const slow: Backend = {
      ...observed(server),
      save: async (handle, bytes, saveSignal) => {
        if (isHeld) await new Promise<void>((resolve) => (letGo = resolve));
        await server.save(handle, bytes, saveSignal).catch(() => server.save(handle, bytes, signal));
      },
    };
    const lock = await acquire("shared", portsOn(slow));
    isHeld = true;
    await clock.advance(5 * minute);
    const released = lock.release();
    letGo();
    await released;
    expect(await storedLocks()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("a server that is gone holds nobody up for more than 20 seconds", async () => {
    const dead: Backend = {
      ...observed(server),
      remove: (_handle, removeSignal) =>
        new Promise((_resolve, reject) => removeSignal.addEventListener("abort", () => reject(removeSignal.reason))),
    };
    const lock = await acquire("shared", portsOn(dead));
    const begin = clock.now();
    await clock.run(lock.release());
    expect(clock.now() - begin).toBe(20_000);
  });
});

describe("locks of killed tabs", () => {
  test("are removed once nobody claims them; others' and living ones stay", async () => {
    const foreign = await plant('{"time":"2026-01-01T00:00:00Z"}');
    const living = await acquire("shared");
    const orphan = await plant('{"time":"2026-01-01T00:00:00Z"}');
    await ports.journal.add(repositoryId, orphan);
    expect(await new OrphanedLocks(ports).remove(signal)).toBe(1);
    expect((await storedLocks()).sort()).toEqual([foreign, living.id].sort());
    expect(await ports.journal.list(repositoryId)).toEqual([living.id]);
  });

  test("that are not there leave the journal after a minute, what was no lock at once", async () => {
    const gone = "f".repeat(64);
    await ports.journal.add(repositoryId, gone);
    await ports.journal.add(repositoryId, "not an id");
    const orphans = new OrphanedLocks(ports);
    expect(await orphans.remove(signal)).toBe(0);
    expect(await ports.journal.list(repositoryId)).toEqual([gone]);
    await clock.advance(minute);
    expect(await orphans.remove(signal)).toBe(0);
    expect(await ports.journal.list(repositoryId)).toEqual([]);
  });

  test("that a busy server stores only after they were looked for are removed all the same", async () => {
    const orphans = new OrphanedLocks(ports);
    const { id, sealed: bytes } = sealed(utf8('{"time":"2026-01-01T00:00:00Z"}'));
    await ports.journal.add(repositoryId, id);
    expect(await orphans.remove(signal)).toBe(0);
    await server.save({ type: "lock", id }, bytes, signal);
    await clock.advance(1000);
    expect(await orphans.remove(signal)).toBe(1);
    expect(await storedLocks()).toEqual([]);
    expect(await ports.journal.list(repositoryId)).toEqual([]);
  });

  test("cost no request when there are none", async () => {
    const backend = observed(server);
    expect(await new OrphanedLocks(portsOn(backend)).remove(signal)).toBe(0);
    expect(backend.operations).toEqual([]);
  });

  test("that the server does not let go stay in the journal and do not fail the call", async () => {
    const orphan = await plant('{"time":"2026-01-01T00:00:00Z"}');
    const refusing: Backend = {
      ...observed(server),
      remove: async () => {
        throw new BackendError("method-refused");
      },
    };
    const device = portsOn(refusing);
    await device.journal.add(repositoryId, orphan);
    expect(await new OrphanedLocks(device).remove(signal)).toBe(0);
    expect(await device.journal.list(repositoryId)).toEqual([orphan]);
  });
});

test("a lock file that is on its way when its lock is released is removed after it has arrived", async () => {
  let arrive: () => void = () => {};
  let saves = 0;
  const slow = new Proxy(server, {
    get(target, property) {
      if (property !== "save") return Reflect.get(target, property, target);
      return async (...[handle, bytes, wish]: Parameters<Backend["save"]>) => {
        // The second one is the refresh. A server carries out what it was sent, whoever has left meanwhile.
        const arrived = ++saves === 2 ? new Promise<void>((resolve) => (arrive = resolve)) : Promise.resolve();
        const left = new Promise<never>((_, reject) =>
          wish.addEventListener("abort", () => reject(wish.reason), { once: true }),
        );
        await Promise.race([arrived.then(() => target.save(handle, bytes, signal)), left]);
      };
    },
  });
  const on = portsOn(slow);
  const lock = await acquire("shared", on);
  await clock.advance(5 * minute);
  expect(saves).toBe(2);
  const released = lock.release();
  await clock.advance(1000);
  arrive();
  await clock.run(released);
  expect(await storedLocks()).toEqual([]);
  expect(await on.journal.list(repositoryId)).toEqual([]);
});

test("a lock file whose fate is unknown stays in the journal, and goes at the next unlock if it arrives later", async () => {
  let late: () => Promise<void> = async () => {};
  const losing = new Proxy(server, {
    get(target, property) {
      if (property !== "save") return Reflect.get(target, property, target);
      return async (...call: Parameters<Backend["save"]>) => {
        late = () => target.save(...call);
        throw new BackendError("network", {}, { retry: "later" });
      };
    },
  });
  const on = portsOn(losing);
  await expect(acquire("shared", on)).rejects.toMatchObject({ code: "network" });
  await late();
  expect(await storedLocks()).toHaveLength(1);
  expect(await new OrphanedLocks(on).remove(signal)).toBe(1);
  expect(await storedLocks()).toEqual([]);
  expect(await on.journal.list(repositoryId)).toEqual([]);
});
