import { basename } from "node:path";
import { type Fixture, fixturePasswords, select } from "../support/fixtures.ts";
import type { Restic } from "../support/restic.ts";
import { describeTree, differences } from "../support/source-tree.ts";
import { type Cell, type CellRepository, checkAllData, resultOf } from "./cell.ts";
import type { ChromiumApp } from "./chromium-app.ts";
import type { ChromiumPage } from "./chromium-page.ts";
import { judgeRestored } from "./chromium-restored.ts";
import { type ChromiumSources, describeAsChromium } from "./chromium-source.ts";
import { checkTrees, fillByRestic, openFixture } from "./made-by-restic.ts";

const [, secondPassword] = fixturePasswords;
const hostname = "chromium-host";

/** What the app lists but cannot open is in its result, line by line, and does not keep the rest from being stored. */
export async function checkUnreadableNames(cell: Cell, app: ChromiumApp, sources: ChromiumSources): Promise<void> {
  await cell.check("a", "Holdall says of each name that is no UTF-8 that it is not in the backup", async () => {
    const { location, holdall } = await cell.repository("unreadable", "unreadable");
    const page = app.on(location, "unreadable");
    const created = await page.create(cell.settings.formatVersion);
    if (created.exitCode !== 0) return { holdall: created, problems: [] };
    const rootName = basename(sources.unreadable);
    const run = await page.backup({ sources: [{ rootName, path: sources.unreadable }], hostname });
    const { failures, snapshotId } = resultOf(run);
    const stored = new Map(resultOf(await holdall.hash([snapshotId]))[snapshotId]);
    const expected = new Map([[rootName, "folder"]]);
    for (const [path, what] of await describeAsChromium(sources.unreadable)) {
      expected.set(`${rootName}/${path}`, what);
    }
    const problems = differences(expected, stored);
    if (failures.length !== sources.unreadableEntries) problems.push(`lines of the result: ${failures.join("\n")}`);
    return { holdall: run, problems };
  });
}

/** A repository that restic makes and fills, with the app on it: b), the first half of c), and e) for it. */
export async function checkMadeByResticInChromium(
  cell: Cell,
  app: ChromiumApp,
  sources: ChromiumSources,
): Promise<void> {
  const fixture = await fillByRestic(cell);
  const repository = await openFixture(cell);
  const { restic, location, keys } = repository;
  fixture.snapshots.push(await addRefusedNames(restic, sources));
  const page = app.on(location, secondPassword);
  await checkListing(cell, page, fixture);
  await keys.makeCheap([secondPassword]);
  await checkRestores(cell, page, repository, fixture);
  await checkDeduplication(cell, page, repository, fixture);
  await checkTrees(cell, repository);
}

const foldersOfNames = ["links", "odd", "odd folders", "refused", "sorted"];

/** One more snapshot of restic's: everything that a browser refuses to make. */
async function addRefusedNames(restic: Restic, { source }: ChromiumSources): Promise<Fixture["snapshots"][number]> {
  await restic.succeed(["backup", "--host", "names", ...foldersOfNames], { cwd: source });
  const [made] = (await restic.json<{ id: string }[]>(["snapshots", "--host", "names"])).flat();
  const isBelow = (path: string) => foldersOfNames.includes(path.split("/")[0] ?? "");
  const contents = select(await describeTree(source), (path, what) => what !== "special" && isBelow(path));
  return { id: made?.id ?? "", contents };
}

async function checkListing(cell: Cell, page: ChromiumPage, { snapshots }: Fixture): Promise<void> {
  await cell.check("b", "Holdall opens restic's repository with the second of its keys", async () => ({
    holdall: await page.open(),
    problems: [],
  }));
  await cell.check("b", "Holdall lists restic's snapshots", async () => {
    const run = await page.snapshots();
    const found = resultOf(run).sort().join();
    const expected = snapshots.map(({ id }) => id).sort();
    return { holdall: run, problems: found === expected.join() ? [] : [`expected ${expected}, found ${found}`] };
  });
}

async function checkRestores(
  cell: Cell,
  page: ChromiumPage,
  { restic }: CellRepository,
  { snapshots }: Fixture,
): Promise<void> {
  for (const [i, { id, contents }] of snapshots.entries()) {
    const what = `Holdall restores restic's snapshot ${i + 1} to a folder, every file with the right SHA-256 or a word on it`;
    await cell.check("b", what, async () => {
      const target = await cell.temporaryFolder();
      const run = await page.restore(id, target);
      const found = await describeTree(target);
      const specials = await specialsOf(restic, id);
      return { holdall: run, problems: judgeRestored({ contents, specials, found, report: resultOf(run) }) };
    });
  }
}

/** Links, devices and the like of a snapshot, as restic lists them. */
async function specialsOf(restic: Restic, id: string): Promise<string[]> {
  const nodes = await restic.json<{ path?: string; type?: string }>(["ls", id]);
  const isSpecial = (type: string | undefined) => type !== undefined && type !== "file" && type !== "dir";
  return nodes.filter(({ type }) => isSpecial(type)).map(({ path = "" }) => path.slice(1));
}

async function checkDeduplication(
  cell: Cell,
  page: ChromiumPage,
  { restic, holdall }: CellRepository,
  fixture: Fixture,
): Promise<void> {
  await cell.check("c", "Holdall's backup of what restic stored adds 0 data blobs", async () => {
    const before = await dataBlobs(restic);
    const run = await page.backup({ sources: [{ rootName: "source", path: fixture.source }], hostname });
    const { snapshotId } = resultOf(run);
    const added = (await dataBlobs(restic)) - before;
    const stored = new Map(resultOf(await holdall.hash([snapshotId]))[snapshotId]);
    const expected = new Map([["source", "folder"]]);
    for (const [path, what] of await describeAsChromium(fixture.source)) expected.set(`source/${path}`, what);
    const problems = differences(expected, stored);
    if (added !== 0) problems.push(`${added} data blobs were added`);
    return { holdall: run, problems };
  });
  await cell.check("c", "restic check --read-data is clean after it", () => checkAllData(restic));
}

async function dataBlobs(restic: Restic): Promise<number> {
  const { stdout } = await restic.succeed(["list", "blobs", "--no-lock"]);
  const blobs = new Set(stdout.toString("utf8").match(/^data .*$/gm));
  if (blobs.size === 0) throw new Error("restic lists no data blobs, so none could be seen to be added");
  return blobs.size;
}
