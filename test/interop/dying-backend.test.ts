import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../src/core/backend/backend.ts";
import { connectRest } from "../../src/core/backend/connect-rest.ts";
import { utf8 } from "../../src/core/base/bytes.ts";
import { altered } from "../support/altered-backend.ts";
import { type EmbeddedServer, startEmbeddedServer } from "../support/embedded-server.ts";
import { dyingAt, observed } from "../support/failing-backend.ts";
import { MemoryFolder, type MemoryTree } from "../support/memory-folder.ts";
import { backUp, createTestRepository, openTestRepository, password } from "../support/memory-repository.ts";
import { noise } from "../support/noise.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";

const program = requirePeer("restic-0.18");
const modifiedMs = Date.UTC(2026, 3, 5);

const before: MemoryTree = { "a.txt": { bytes: utf8("a"), modifiedMs } };
const after: MemoryTree = {
  "a.txt": { bytes: utf8("a"), modifiedMs },
  sub: { "b.bin": { bytes: noise(5, 700_000), modifiedMs }, "c.txt": { bytes: utf8("c"), modifiedMs } },
};

describe.skipIf(program === null)("restic after a run that died", () => {
  let server: EmbeddedServer;
  let made = 0;

  beforeAll(async () => {
    server = await startEmbeddedServer({});
  });
  afterAll(() => server.close());

  /** A repository with one snapshot. */
  async function fresh(): Promise<{ backend: Backend; restic: Restic }> {
    const name = `died-${made++}`;
    const backend = connectRest({ url: `${server.url}/repos/${name}/`, login: null }, { attempts: 1 });
    const { repository } = await createTestRepository(backend);
    await backUp(repository, new MemoryFolder(before));
    if (program === null) throw new Error("restic is missing");
    return { backend, restic: await Restic.open({ program, repository: server.resticLocation(name), password }) };
  }

  async function stepsOfARun(): Promise<ReturnType<typeof observed>["operations"]> {
    const { backend, restic } = await fresh();
    const complete = observed(backend);
    await backUp(await openTestRepository(complete), new MemoryFolder(after));
    await restic.close();
    return complete.operations;
  }

  /** Every n is the archiver's own test in memory, and the faults' on a real server; here it is every third. */
  test.each([
    ["before", 0],
    ["after", 1],
  ] as const)(
    "at step n, failing %s the step is done: accepts the repository, and the next run succeeds",
    { timeout: 600_000 },
    async (how, offset) => {
      const steps = await stepsOfARun();
      expect(steps.length).toBeGreaterThan(10);
      for (const { step, name } of steps.filter((_, i) => i % 3 === offset)) {
        const { backend, restic } = await fresh();
        const died = await openTestRepository(dyingAt(backend, step, how))
          .then((repository) => backUp(repository, new MemoryFolder(after)))
          .then(
            () => false,
            () => true,
          );
        // A lock that cannot be removed does not undo what was done.
        expect(died, `step ${step}`).toBe(name !== "remove");
        await restic.succeed(["check", "--read-data", "--no-lock"]);
        await backUp(await openTestRepository(backend), new MemoryFolder(after));
        await restic.succeed(["check", "--read-data", "--no-lock"]);
        await restic.close();
      }
    },
  );

  test("is not fooled: a backend that loses the index files is found out", async () => {
    const { backend, restic } = await fresh();
    const forgetful = altered(backend, {
      save: async (handle, bytes, signal) => {
        if (handle.type !== "index") await backend.save(handle, bytes, signal);
      },
    });
    await backUp(await openTestRepository(forgetful), new MemoryFolder(after));
    expect((await restic.run(["check"])).exitCode).not.toBe(0);
    await restic.close();
  });
});
