import { type Fixture, fixturePasswords, makeFixture } from "../support/fixtures.ts";
import type { Restic } from "../support/restic.ts";
import { describeTree, differences } from "../support/source-tree.ts";
import { type Cell, type CellRepository, checkAllData, resultOf } from "./cell.ts";

/** A repository that restic makes and fills: b), the first half of c), and e) for it. */
export async function checkMadeByRestic(cell: Cell): Promise<void> {
  await checkFixture(cell, await fillByRestic(cell));
}

/** The fixture repository of a cell, with the keys that restic made. */
export async function fillByRestic(cell: Cell): Promise<Fixture> {
  const { restic, server, formatVersion } = cell.settings;
  const { location } = await openFixture(cell);
  const folder = await cell.temporaryFolder();
  return makeFixture({ restic, server, repository: location, formatVersion, folder });
}

/** The checks on a fixture that was made by a cell of the same restic, server and format. */
export async function checkFixture(cell: Cell, fixture: Fixture): Promise<void> {
  const repository = await openFixture(cell);
  await checkReading(cell, repository, fixture);
  await repository.keys.makeCheap([secondPassword]);
  await checkDeduplication(cell, repository, fixture);
  await checkTrees(cell, repository);
}

const [, secondPassword] = fixturePasswords;

/** The cell's repository that holds the fixture, opened with the second of its keys. */
export function openFixture(cell: Cell): Promise<CellRepository> {
  return cell.repository("restic", secondPassword);
}

async function checkReading(cell: Cell, { holdall }: CellRepository, { snapshots }: Fixture): Promise<void> {
  if (!cell.wants("b")) return;
  await cell.check("b", "Holdall lists restic's snapshots, opened with the second of restic's keys", async () => {
    const run = await holdall.snapshots();
    const found = resultOf(run).map(({ id }) => id);
    const expected = snapshots.map(({ id }) => id);
    const isEqual = found.sort().join() === expected.sort().join();
    return { holdall: run, problems: isEqual ? [] : [`expected ${expected}, found ${found}`] };
  });
  const hashed = await holdall.hash(snapshots.map(({ id }) => id));
  for (const [i, { id, contents }] of snapshots.entries()) {
    await cell.check(
      "b",
      `Holdall reads every file of restic's snapshot ${i + 1} with the right SHA-256`,
      async () => ({
        holdall: hashed,
        problems: differences(contents, new Map(resultOf(hashed)[id])),
      }),
    );
  }
  await cell.check("b", "Holdall restores a whole snapshot of restic's to a folder", async () => {
    const target = await cell.temporaryFolder();
    const { id, contents } = snapshots[3] ?? { id: "", contents: new Map() };
    const run = await holdall.restore(id, target);
    return { holdall: run, problems: differences(contents, await describeTree(target)) };
  });
}

async function checkDeduplication(cell: Cell, { holdall, restic }: CellRepository, fixture: Fixture): Promise<void> {
  if (!cell.wants("c")) return;
  const sources = [{ rootName: "source", path: fixture.source }];
  const saved = await holdall.backup({ sources, hostname: "holdall-host", parent: null });
  await cell.check("c", "Holdall's backup of what restic stored adds 0 data blobs", async () => {
    const { snapshotId, dataBlobs, treeBlobs, failures } = resultOf(saved);
    const problems = [...failures];
    if (dataBlobs !== 0)
      problems.push(`${dataBlobs} data blobs were added`, await otherCuts(restic, snapshotId, fixture));
    if (treeBlobs === 0) problems.push("no tree was added, so nothing was backed up");
    return { holdall: saved, problems };
  });
  await cell.check("c", "restic check --read-data is clean after it", async () => ({
    holdall: saved,
    ...(await checkAllData(restic)),
  }));
}

/** The files that Holdall has cut elsewhere than restic, and by which polynomial: what is needed to look for the reason. */
async function otherCuts(restic: Restic, snapshot: string, fixture: Fixture): Promise<string> {
  const config = await restic.run(["cat", "config"]);
  const second = fixture.snapshots[3]?.id ?? "";
  const diff = await restic.run(["diff", second, `${snapshot}:/source`]);
  return [config.stdout, diff.stdout, diff.stderr].map(String).join("\n");
}

export async function checkTrees(cell: Cell, { holdall }: CellRepository): Promise<void> {
  await cell.check(
    "e",
    "every tree that restic wrote is encoded again byte for byte, or its difference is named",
    async () => {
      const run = await holdall.trees();
      const trees = resultOf(run);
      const problems = trees.flatMap(({ id, isIdentical, reason }) => {
        if (isIdentical)
          return reason === null ? [] : [`tree ${id} is identical, yet said not to be canonical: ${reason}`];
        return isExpected(cell, reason) ? [] : [`tree ${id} is encoded otherwise: ${reason ?? "no reason is given"}`];
      });
      if (trees.length < 20) problems.push(`only ${trees.length} trees`);
      return { holdall: run, problems };
    },
  );
}

/** 0.14 has no way to store a link's target that is no UTF-8, and writes what it can of it. Else restic is canonical. */
function isExpected(cell: Cell, reason: string | null): boolean {
  return cell.settings.restic.name === "restic-0.14" && reason !== null && reason.includes("linktarget");
}
