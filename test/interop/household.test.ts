import { join } from "node:path";
import { expect, test } from "vitest";
import { requirePeer } from "../support/peers.ts";
import { describeTree, differences } from "../support/source-tree.ts";
import { treeState } from "../support/tree-state.ts";
import { amber, cobalt, Household, laptop } from "./household.ts";
import type { Photo } from "./household-folders.ts";

const restic = requirePeer("restic-0.18");
const server = requirePeer("rest-server");
const python = requirePeer("python");
const tar = requirePeer("tar");
const days = 30;
const seed = Number(process.env["HOLDALL_SEED"] ?? 1 + (Date.now() % 2 ** 30));

test.skipIf(restic === null || server === null || python === null || tar === null)(
  "thirty days of a household lose nothing to forget and prune: folders, picks, modes and links",
  async () => {
    if (restic === null || server === null || python === null || tar === null) return;
    console.log(`household: HOLDALL_SEED=${seed}`);
    await using household = await Household.start(restic, server, seed);
    for (let day = 0; day < days; day++) await household.live(day);
    const { amberDocuments, amberSecond, cobaltDocuments, amberPhotos, cobaltPhotos, home } = household;

    await household.restic.succeed(["forget", "--group-by", "host,paths", "--keep-last", "1", "--prune"]);
    await household.restic.succeed(["check", "--read-data"]);
    expect(await household.series()).toEqual([
      `${amber} /Documents /Documents 2`,
      `${amber} /Photos`,
      `${cobalt} /Documents`,
      `${cobalt} /Photos`,
      `${laptop} ${home.path}`,
    ]);

    for (const restored of await household.restore(amber, "/Documents 2")) {
      expect(await differencesOf(amberDocuments.path, join(restored, "Documents"))).toEqual([]);
      expect(await differencesOf(amberSecond.path, join(restored, "Documents 2"))).toEqual([]);
    }
    for (const restored of await household.restore(cobalt, "/Documents")) {
      expect(await differencesOf(cobaltDocuments.path, join(restored, "Documents"))).toEqual([]);
    }
    const { byRestic, byHoldall } = await household.restoreHome(python, tar);
    const expected = treeState(python, home.path);
    expect([...expected.values()].filter((state) => state.includes("linked to secrets/key")).length).toBeGreaterThan(5);
    expect(byRestic).toEqual(expected);
    expect(byHoldall).toEqual(expected);
    for (const [host, { picked }] of [
      [amber, amberPhotos],
      [cobalt, cobaltPhotos],
    ] as const) {
      expect(collisions(picked), "the picks have names that come again").toBeGreaterThan(2);
      for (const restored of await household.restore(host, "/Photos")) {
        expect(lost(picked, await describeTree(join(restored, "Photos"))), `photos of ${host}`).toEqual([]);
      }
    }
  },
);

async function differencesOf(expected: string, actual: string): Promise<string[]> {
  return differences(await describeTree(expected), await describeTree(actual));
}

/** How many photos were picked under a name that another one has. */
function collisions(picked: ReadonlyMap<string, Photo>): number {
  return picked.size - new Set([...picked.values()].map(({ name }) => name)).size;
}

/** Photos whose content did not come back, or under a name that is not made of theirs. */
function lost(picked: ReadonlyMap<string, Photo>, restored: ReadonlyMap<string, string>): string[] {
  const isThere = ({ name, sha256 }: Photo) =>
    [...restored].some(([path, what]) => what === sha256 && path.startsWith(name.replace(".jpg", "")));
  return [...picked.values()].filter((photo) => !isThere(photo)).map(({ name, sha256 }) => `${name} ${sha256}`);
}
