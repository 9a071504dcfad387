import { basename, dirname, join } from "node:path";
import { describeRun, type ResticRun } from "../support/restic.ts";
import { describeTree, differences } from "../support/source-tree.ts";
import { type Cell, type CellRepository, type CheckOutcome, checkAllData, resultOf } from "./cell.ts";
import type { HoldallRun, SavedSnapshot } from "./holdall-process.ts";

const password = "correct horse ✓";
const hostname = "holdall-host";

/** What the checks need of `restic backup --json` and `restic snapshots --json`. */
interface BackupSummary {
  message_type: string;
  data_blobs: number;
  files_unmodified: number;
  snapshot_id: string;
}

interface ListedSnapshot {
  id: string;
  hostname: string;
  paths: string[];
  tree: string;
}

/** A repository that Holdall makes and fills: a), the second half of c), d), and e) for it. */
export async function checkMadeByHoldall(cell: Cell, name = "holdall"): Promise<void> {
  const repository = await cell.repository(name, password);
  const created = await repository.writer.create(cell.settings.formatVersion);
  await cell.check("a", "restic opens a new repository with the key that Holdall made", () =>
    readConfig(cell, repository, created),
  );
  await repository.keys.makeCheap([password]);
  const saved = await backupSource(cell, repository);
  await checkContents(cell, repository, saved);
  await checkDeduplication(cell, repository);
  if (cell.wants("d")) await checkMaintenance(cell, repository, resultOf(saved));
  await checkTrees(cell, repository);
}

async function readConfig(cell: Cell, { restic }: CellRepository, created: HoldallRun<null>): Promise<CheckOutcome> {
  const run = await restic.run(["cat", "config"]);
  const problems: string[] = [];
  if (run.exitCode === 0) {
    const { version } = JSON.parse(run.stdout.toString("utf8")) as { version: number };
    const { formatVersion } = cell.settings;
    if (version !== formatVersion) problems.push(`format ${version} instead of ${formatVersion}`);
  }
  return { restic: run, holdall: created, problems };
}

function backupSource(cell: Cell, { writer }: CellRepository): Promise<HoldallRun<SavedSnapshot>> {
  const { source } = cell.settings.sources;
  return writer.backup({ sources: [{ rootName: basename(source), path: source }], hostname });
}

async function checkContents(cell: Cell, { restic }: CellRepository, saved: HoldallRun<SavedSnapshot>): Promise<void> {
  const { source, sourceContents } = cell.settings.sources;
  await cell.check("a", "Holdall backs up the source without failures", async () => ({
    holdall: saved,
    problems: resultOf(saved).failures,
  }));
  await cell.check("a", "restic check --read-data finds no error in what Holdall wrote", async () => ({
    holdall: saved,
    ...(await checkAllData(restic)),
  }));
  await cell.check("a", "restic restore of it equals the source byte for byte", async () => {
    const target = await cell.temporaryFolder();
    const run = await restic.run(["restore", resultOf(saved).snapshotId, "--target", target]);
    const restored = await describeTree(join(target, basename(source)));
    return { restic: run, holdall: saved, problems: differences(sourceContents, restored) };
  });
  await cell.check("a", "restic lists the snapshot with Holdall's host, path and tree", async () => {
    const run = await restic.run(["snapshots", "--json"]);
    const [listed] = JSON.parse(run.stdout.toString("utf8")) as ListedSnapshot[];
    const { snapshotId, treeId } = resultOf(saved);
    const expected = [snapshotId, hostname, `/${basename(source)}`, treeId ?? listed?.tree];
    const found = [listed?.id, listed?.hostname, listed?.paths.join(), listed?.tree];
    const problems = found.join("\n") === expected.join("\n") ? [] : [`expected ${expected}, found ${found}`];
    return { restic: run, holdall: saved, problems };
  });
}

async function checkDeduplication(cell: Cell, { restic }: CellRepository): Promise<void> {
  const { source } = cell.settings.sources;
  await cell.check("c", "restic backup of what Holdall stored adds 0 data blobs", async () => {
    const args = ["backup", "--force", "--host", "restic-host", "--json", basename(source)];
    const run = await restic.run(args, { cwd: dirname(source) });
    const added = summaryOf(run).data_blobs;
    return { restic: run, problems: added === 0 ? [] : [`${added} data blobs were added`] };
  });
}

async function checkMaintenance(cell: Cell, repository: CellRepository, first: SavedSnapshot): Promise<void> {
  const { restic } = repository;
  const { source, sourceContents } = cell.settings.sources;
  await cell.check("d", "restic backup continues a snapshot of Holdall's and reads no file", async () => {
    const parent = ["--parent", first.snapshotId, "--ignore-inode"];
    const args = ["backup", ...parent, "--host", hostname, "--json", basename(source)];
    const run = await restic.run(args, { cwd: dirname(source) });
    const unmodified = summaryOf(run).files_unmodified;
    const files = [...sourceContents.values()].filter((what) => what !== "folder").length;
    return { restic: run, problems: unmodified === files ? [] : [`${unmodified} of ${files} files are unmodified`] };
  });
  await checkForgetAndPrune(cell, repository);
  await checkCopy(cell, repository);
  if (cell.settings.restic.name === "restic-0.18") await checkRepairs(cell, repository, first);
  await cell.check("d", "restic check --read-data is clean in the end", () => checkAllData(restic));
  await cell.check("d", "Holdall reads its first snapshot as it was after all that", async () => {
    const run = await repository.holdall.hash([first.snapshotId]);
    const found = new Map(resultOf(run)[first.snapshotId]);
    const expected = new Map([[basename(source), "folder"]]);
    for (const [path, what] of sourceContents) expected.set(`${basename(source)}/${path}`, what);
    return { holdall: run, problems: differences(expected, found) };
  });
}

async function checkForgetAndPrune(cell: Cell, { restic, writer }: CellRepository): Promise<void> {
  const { extra } = cell.settings.sources;
  const saved = await writer.backup({ sources: [{ rootName: "extra", path: extra }], hostname });
  await cell.check("d", "restic forget removes a snapshot of Holdall's", async () => {
    const { snapshotId } = resultOf(saved);
    const run = await restic.run(["forget", snapshotId]);
    const left = await restic.json<ListedSnapshot[]>(["snapshots"]);
    const isLeft = left.flat().some(({ id }) => id === snapshotId);
    return { restic: run, holdall: saved, problems: isLeft ? ["the snapshot is still there"] : [] };
  });
  await cell.check("d", "restic prune repacks what Holdall packed", async () => {
    const before = await packsOf(restic);
    const run = await restic.run(["prune", "--max-unused", "0", "--repack-small"]);
    const after = new Set(await packsOf(restic));
    const removed = before.filter((pack) => !after.has(pack));
    return { restic: run, problems: removed.length > 0 ? [] : ["no pack was replaced"] };
  });
  await cell.check("d", "restic check --read-data is clean after the prune", () => checkAllData(restic));
}

async function packsOf(restic: CellRepository["restic"]): Promise<string[]> {
  const { stdout } = await restic.succeed(["list", "packs", "--no-lock"]);
  return stdout.toString("utf8").trim().split("\n");
}

async function checkCopy(cell: Cell, { restic, name }: CellRepository): Promise<void> {
  const copy = await cell.repository(`${name}-copy`, password);
  const from = { environment: { RESTIC_FROM_PASSWORD: password } };
  const fromRepository = ["--from-repo", restic.settings.repository];
  await cell.check("d", "restic copy takes all snapshots to a new repository", async () => {
    const version = ["--repository-version", String(cell.settings.formatVersion)];
    await copy.restic.succeed(["init", ...version, "--copy-chunker-params", ...fromRepository], from);
    await copy.keys.makeCheap([password]);
    const run = await copy.restic.run(["copy", ...fromRepository], from);
    const [here, there] = [await snapshotTrees(restic), await snapshotTrees(copy.restic)];
    return { restic: run, problems: here === there ? [] : [`trees ${here} became ${there}`] };
  });
  await cell.check("d", "restic check --read-data is clean in the copy", () => checkAllData(copy.restic));
}

async function snapshotTrees(restic: CellRepository["restic"]): Promise<string> {
  const snapshots = (await restic.json<ListedSnapshot[]>(["snapshots"])).flat();
  return snapshots
    .map(({ tree }) => tree)
    .sort()
    .join(" ");
}

async function checkRepairs(cell: Cell, { restic }: CellRepository, first: SavedSnapshot): Promise<void> {
  await cell.check("d", "restic rewrite leaves a file out of Holdall's snapshot", async () => {
    const run = await restic.run(["rewrite", "--exclude", "leaf.txt", first.snapshotId]);
    const problems = run.stdout.toString("utf8").includes("saved new snapshot") ? [] : [describeRun(run)];
    return { restic: run, problems };
  });
  await cell.check("d", "restic repair snapshots finds nothing to repair", async () => {
    const before = await snapshotTrees(restic);
    const run = await restic.run(["repair", "snapshots"]);
    return { restic: run, problems: (await snapshotTrees(restic)) === before ? [] : ["snapshots were changed"] };
  });
  await cell.check("d", "restic repair index reads all pack headers", async () => ({
    restic: await restic.run(["repair", "index", "--read-all-packs"]),
    problems: [],
  }));
  await cell.check("d", "restic repair packs salvages a pack of Holdall's", async () => {
    const [pack = ""] = await packsOf(restic);
    const run = await restic.run(["repair", "packs", pack], { cwd: await cell.temporaryFolder() });
    const isGone = !(await packsOf(restic)).includes(pack);
    return { restic: run, problems: isGone ? [] : ["the pack is still there"] };
  });
}

async function checkTrees(cell: Cell, { holdall }: CellRepository): Promise<void> {
  await cell.check("e", "every tree of Holdall's repository is canonical", async () => {
    const run = await holdall.trees();
    const trees = resultOf(run);
    const problems = trees.flatMap(({ id, isIdentical, reason }) => {
      if (isIdentical && reason === null) return [];
      return [`tree ${id}: ${isIdentical ? "" : "encoded otherwise; "}${reason ?? "no reason is given"}`];
    });
    // So many folders the source has; fewer trees would mean that the check saw too little.
    const { sourceContents } = cell.settings.sources;
    if (trees.length < 20) problems.push(`only ${trees.length} trees, of a source with ${sourceContents.size} entries`);
    return { holdall: run, problems };
  });
}

function summaryOf(run: ResticRun): BackupSummary {
  const lines = run.stdout.toString("utf8").split("\n");
  const messages = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as BackupSummary);
  const summary = messages.find(({ message_type }) => message_type === "summary");
  if (summary === undefined) throw new Error(`no summary: ${describeRun(run)}`);
  return summary;
}
