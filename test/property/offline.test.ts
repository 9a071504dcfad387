import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { MemoryBackend } from "../../src/core/backend/memory.ts";
import { utf8 } from "../../src/core/base/bytes.ts";
import type { RepositoryService } from "../../src/workers/repository-service.ts";
import { Device, MemoryServer, quiet } from "../support/device.ts";
import { MemoryFolder, type MemoryTree } from "../support/memory-folder.ts";
import { MemoryOfflineStore } from "../support/memory-offline-store.ts";
import { backUp, createTestRepository } from "../support/memory-repository.ts";
import { noise } from "../support/noise.ts";

/** What a user sees does not depend on what the device's storage still has, whatever became of it, and when. */
const folders = 12;
const modifiedMs = Date.UTC(2026, 0, 1);
let files: MemoryBackend;
let snapshots: string[] = [];

beforeAll(async () => {
  files = new MemoryBackend();
  const { repository } = await createTestRepository(files);
  const made = [];
  for (const generation of [1, 2, 3]) {
    const tree: MemoryTree = {};
    for (let number = 0; number < folders; number++) {
      const name = Buffer.from(noise(number * generation + 1, 30)).toString("hex");
      tree[`folder ${number}`] = { [name]: { bytes: utf8(name), modifiedMs } };
    }
    made.push((await backUp(repository, new MemoryFolder(tree))).id);
  }
  snapshots = made;
  repository.close();
});

type Look =
  | { do: "browse"; snapshot: number; folder: number }
  | { do: "list" }
  | { do: "keep" | "drop"; snapshot: number };
type Step =
  | Look
  | { do: "reopen"; budgetBytes: number; isOnline: boolean }
  | { do: "wipe" }
  | { do: "lose"; which: number }
  | { do: "damage"; which: number };

const position = fc.nat({ max: folders - 1 });
const which = fc.nat({ max: 1000 });
const snapshot = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("browse" as const), snapshot, folder: position }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("list" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("keep" as const, "drop" as const), snapshot }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("reopen" as const),
      budgetBytes: fc.constantFrom(0, 2000, 8000, 100_000),
      isOnline: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wipe" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("damage" as const), which }) },
);

async function browse(service: RepositoryService, id: string, position: number) {
  const listing = await service.listFolder({ snapshot: id, path: [0, position] }, quiet);
  return [...listing.names, ...listing.entries.map(({ name }) => name)];
}

async function list(service: RepositoryService) {
  return (await service.listSnapshots({}, quiet)).snapshots.map(({ id }) => id).sort();
}

/** The answer, or null where the storage no longer has it and nobody else can be asked. */
async function unlessOffline<T>(isOnline: boolean, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (!isOnline) expect(error).toMatchObject({ code: "network" });
    if (isOnline) throw error;
    return null;
  }
}

/** A device on which the steps happen; every answer is held against the truth. */
class Walk {
  private readonly store = new MemoryOfflineStore();
  private readonly device = new Device(new MemoryServer(files), this.store);
  private service: RepositoryService | null = null;
  private isOnline = true;

  constructor(private readonly truth: RepositoryService) {}

  async take(step: Step): Promise<void> {
    if (step.do === "reopen") return this.reopen(step.budgetBytes, step.isOnline);
    if (step.do === "wipe") return this.store.files.clear();
    if (step.do === "lose" || step.do === "damage") return this.harm(step.do, step.which);
    if (this.service === null) await this.reopen(8000, true);
    if (this.service !== null) await this.look(step, this.service);
  }

  private async look(step: Look, service: RepositoryService) {
    if (step.do === "list") {
      const listed = await unlessOffline(this.isOnline, list(service));
      if (listed !== null && this.isOnline) expect(listed).toEqual(await list(this.truth));
      return;
    }
    const id = snapshots[step.snapshot] ?? "";
    if (step.do === "browse") {
      const seen = await unlessOffline(this.isOnline, browse(service, id, step.folder));
      if (seen !== null) expect(seen).toEqual(await browse(this.truth, id, step.folder));
    } else if (step.do === "drop") {
      expect((await service.dropOffline({ snapshot: id }, quiet)).snapshots).not.toContain(id);
    } else {
      await this.keep(id, service);
    }
  }

  private async keep(id: string, service: RepositoryService) {
    try {
      expect((await service.keepOffline({ snapshot: id }, quiet)).snapshots).toContain(id);
    } catch (error) {
      const expected = this.isOnline ? /^offline-budget$/ : /^(network|offline-budget)$/;
      expect(error).toMatchObject({ code: expect.stringMatching(expected) });
    }
  }

  private async reopen(budgetBytes: number, isOnline: boolean) {
    await this.service?.close();
    this.device.server.failure = isOnline ? null : "network";
    this.isOnline = isOnline;
    this.service = await unlessOffline(isOnline, this.device.open({ keep: { kind: "device", budgetBytes } }));
    if (isOnline) expect(this.store.bytes).toBeLessThanOrEqual(budgetBytes);
  }

  private harm(how: "lose" | "damage", which: number): void {
    const keys = this.store.keys();
    const file = this.store.files.get(keys[which % keys.length] ?? "");
    if (file === undefined) return;
    if (how === "lose") this.store.files.delete(keys[which % keys.length] ?? "");
    else file.bytes = file.bytes.map((byte, i) => (i === which % file.bytes.length ? byte ^ 0x10 : byte));
  }
}

/** Found at random: the list of a kept snapshot's trees took the room of some of them. */
const crowdedOut: Step[] = [
  { do: "list" },
  { do: "wipe" },
  { do: "keep", snapshot: 1 },
  { do: "reopen", budgetBytes: 0, isOnline: false },
  { do: "damage", which: 0 },
  { do: "keep", snapshot: 0 },
];

test("browsing, evicting, losing and damaging in any order never change an answer", { timeout: 120_000 }, async () => {
  const truth = await new Device(new MemoryServer(files)).open({ keep: { kind: "nothing" } });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const walk = new Walk(truth);
      for (const taken of steps) await walk.take(taken);
    }),
    { numRuns: 25, examples: [[crowdedOut]] },
  );
});
