import { beforeEach, describe, expect, test } from "vitest";
import type { Backend } from "../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../src/core/backend/memory.ts";
import { randomBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { BackendError } from "../../../src/core/base/errors.ts";
import { hashId, type Id } from "../../../src/core/base/id.ts";
import type { LockJournal } from "../../../src/core/base/ports.ts";
import type { Repository } from "../../../src/core/repository/repository.ts";
import { listLocks, lockInfoOf } from "../../../src/workers/lock-list.ts";
import { altered } from "../../support/altered-backend.ts";
import { createTestRepository, memoryJournal, openTestRepository } from "../../support/memory-repository.ts";

const { signal } = new AbortController();

let server: MemoryBackend;
let journal: LockJournal;
let repository: Repository;

beforeEach(async () => {
  server = new MemoryBackend();
  await createTestRepository(server);
  journal = memoryJournal();
  repository = await openTestRepository(server, journal);
});

/** The holders of all locks by their ids. */
async function holders(): Promise<Record<string, string>> {
  return Object.fromEntries((await listLocks(repository, signal)).map(({ id, holder }) => [id, holder]));
}

async function plant(bytes: Uint8Array<ArrayBuffer>): Promise<Id> {
  const id = await hashId(bytes);
  await server.save({ type: "lock", id }, bytes, signal);
  return id;
}

describe("the list of locks", () => {
  test("says whose each lock is: this tab's, another tab's, a dead tab's, somebody else's", async () => {
    const otherTab = await openTestRepository(server, journal);
    const elsewhere = await openTestRepository(server, memoryJournal());
    const own = await repository.lock("shared", signal);
    const theirs = await otherTab.lock("shared", signal);
    const dead = await otherTab.lock("shared", signal);
    (await journal.claim(dead.id))(); // as the platform does when the tab dies
    const foreign = await elsewhere.lock("shared", signal);
    expect(await holders()).toEqual({
      [own.id]: "here",
      [theirs.id]: "other-tab",
      [dead.id]: "left-behind",
      [foreign.id]: "somebody",
    });
    await own.release();
    expect(Object.keys(await holders())).not.toContain(own.id);
  });

  test("tells host, user, time and kind, and what cannot be read without a time", async () => {
    const lock = await repository.lock("exclusive", signal);
    const junk = await plant(randomBytes(200));
    const listed = await listLocks(repository, signal);
    expect(listed).toEqual([
      {
        id: lock.id,
        hostname: expect.stringMatching(/^holdall-[0-9a-f]{16}$/) as string,
        username: "holdall",
        pid: null,
        timeMs: expect.any(Number) as number,
        exclusive: true,
        holder: "here",
      },
      { id: junk, hostname: "", username: "", pid: null, timeMs: null, exclusive: false, holder: "somebody" },
    ]);
    await lock.release();
  });

  test("leaves out empty files, which lock nothing", async () => {
    await plant(utf8(""));
    expect(await listLocks(repository, signal)).toEqual([]);
  });

  test("does not take a server that refuses to answer for a lock that cannot be read", async () => {
    await (await openTestRepository(server)).lock("shared", signal);
    const refusing: Backend = altered(server, {
      load: async (handle, ...rest) => {
        if (handle.type === "lock") throw new BackendError("login-rejected");
        return server.load(handle, ...rest);
      },
    });
    const opened = await openTestRepository(refusing);
    await expect(listLocks(opened, signal)).rejects.toMatchObject({ code: "login-rejected" });
  });

  test("a conflict names the lock as the list does", async () => {
    const otherTab = await openTestRepository(server, journal);
    await otherTab.lock("exclusive", signal);
    const error = await repository.lock("shared", signal).catch((reason: unknown) => reason);
    const [listed] = await listLocks(repository, signal);
    expect(lockInfoOf(error as Parameters<typeof lockInfoOf>[0])).toEqual(listed);
    expect(listed).toMatchObject({ holder: "other-tab", exclusive: true });
  });
});

describe("removing a lock", () => {
  test("takes it from the server and the journal, and leaves all others alone", async () => {
    const otherTab = await openTestRepository(server, journal);
    const [first, second] = [await otherTab.lock("shared", signal), await otherTab.lock("shared", signal)];
    await repository.removeLock(first.id as Id, signal);
    expect(Object.keys(await holders())).toEqual([second.id]);
    expect(await journal.list(repository.config.id)).toEqual([second.id]);
    await repository.removeLock(first.id as Id, signal);
    expect(Object.keys(await holders())).toEqual([second.id]);
  });

  test("works for one that cannot be read", async () => {
    const junk = await plant(randomBytes(200));
    await repository.removeLock(junk, signal);
    expect(await server.list("lock", signal)).toEqual([]);
  });

  test("that is held here stops whoever works under it", async () => {
    const lock = await repository.lock("shared", signal);
    await repository.removeLock(lock.id as Id, signal);
    await expect(lock.ensureFresh()).rejects.toMatchObject({ code: "lock-lost" });
    expect(await server.list("lock", signal)).toEqual([]);
  });
});
