import { cp, mkdir, mkdtemp, readdir, rm, rmdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeFolderSource } from "../support/node-folder-source.ts";
import type { Peer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { describeTree, seededBytes, type TreeDescription, TreeWriter } from "../support/source-tree.ts";
import { EngineDevice } from "./engine-device.ts";
import { FaultClock } from "./fault-clock.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { fileBytes, newFiles, password, rootName } from "./sizes.ts";

export interface WorldPeers {
  restic: Peer;
  restServer: Peer;
}

export type ServerKind = "plain" | "append-only";

/** A snapshot that was there before any fault. */
export interface EarlierSnapshot {
  id: string;
  contents: TreeDescription;
}

/** A copy of the repository for one injection, behind a server. */
export interface Site {
  readonly name: string;
  /** The server, with a slash at the end; the repository is below it. */
  readonly server: string;
  /** The repository's files. */
  readonly directory: string;
  readonly restic: Restic;
  close(): Promise<void>;
}

const repository = "base";
const modified = new Date("2026-03-04T05:06:07.125Z");

/**
 * What all faults begin with: real REST servers, a folder, and a repository with two earlier snapshots, one of restic's and
 * one of Holdall's of the same folder in an earlier state.
 */
export class FaultWorld {
  private made = 0;

  private constructor(
    readonly folder: string,
    readonly peers: WorldPeers,
    private readonly servers: Readonly<Record<ServerKind, RestServer>>,
    readonly earlier: readonly EarlierSnapshot[],
    /** The folder as it is to be backed up. */
    readonly source: string,
    readonly contents: TreeDescription,
    /** What a run without a fault stores in packs. */
    readonly newBytes: number,
  ) {}

  static async make(peers: WorldPeers): Promise<FaultWorld> {
    const folder = await mkdtemp(join(tmpdir(), "holdall-faults-"));
    const servers = {
      plain: await startRestServer(peers.restServer),
      "append-only": await startRestServer(peers.restServer, ["--append-only"]),
    };
    // What the app calls a dropped folder is the name that it has on the disk.
    const source = join(folder, rootName);
    const earlier = await fillBase(peers.restic, servers.plain, folder, source);
    await removeEmptyFolders(join(servers.plain.directory(repository), "data"));
    addNewFiles(source);
    const newBytes = await measureRun(servers.plain, source);
    return new FaultWorld(folder, peers, servers, earlier, source, await describeTree(source), newBytes);
  }

  /** Puts a fresh copy of the repository into a folder that is not there yet. */
  async copyBase(directory: string): Promise<void> {
    await cp(this.base, directory, { recursive: true });
  }

  /** The prepared repository's files: to be copied. */
  get base(): string {
    return this.servers.plain.directory(repository);
  }

  /** A fresh copy of the repository on one of the servers. */
  async site(kind: ServerKind = "plain"): Promise<Site> {
    return this.siteOn(this.servers[kind]);
  }

  private async siteOn(server: RestServer): Promise<Site> {
    const name = `site-${++this.made}`;
    const directory = server.directory(name);
    await this.copyBase(directory);
    const url = new URL("../", server.repositoryUrl(name)).href;
    return this.siteAt({ name, directory, server: url });
  }

  /** A repository that somebody has put where it is. */
  async siteAt({ name, directory, server }: Pick<Site, "name" | "directory" | "server">): Promise<Site> {
    const restic = await Restic.open({ program: this.peers.restic, repository: directory, password });
    const close = async () => {
      await restic.close();
      await rm(directory, { recursive: true, force: true });
    };
    return { name, server, directory, restic, close };
  }

  /** A folder of one's own, with a copy of the source in it, times included. */
  async copyOfSource(): Promise<string> {
    const copy = join(this.folder, `source-${++this.made}`);
    await cp(this.source, copy, { recursive: true, preserveTimestamps: true });
    return copy;
  }

  /** An empty folder of one's own. */
  async emptyFolder(): Promise<string> {
    const made = join(this.folder, `folder-${++this.made}`);
    await mkdir(made);
    return made;
  }

  async drop(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.servers).map((server) => server.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function fillBase(program: Peer, server: RestServer, folder: string, source: string): Promise<EarlierSnapshot[]> {
  const location = { program, repository: server.resticRepository(repository), password };
  const restic = await Restic.open(location);
  try {
    await restic.succeed(["init"]);
    await new ResticKeys(server, repository).makeCheap([password]);
    const other = join(folder, "other");
    fillOther(other);
    await restic.succeed(["backup", "--host", "other-host", "."], { cwd: other });
    fillEarlier(source);
    await backUpEarlier(server, source);
    const snapshots = (await restic.json<{ id: string; hostname: string }[]>(["snapshots"])).flat();
    const ofResticIs = (host: string) => host === "other-host";
    const ofRestic = await describeTree(other);
    const ofHoldall = below(rootName, await describeTree(source));
    return snapshots.map(({ id, hostname }) => ({ id, contents: ofResticIs(hostname) ? ofRestic : ofHoldall }));
  } finally {
    await restic.close();
  }
}

/** restic makes 256 folders at once; they are copied for each fault, and a server makes those that it needs. */
async function removeEmptyFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if ((await readdir(join(folder, name))).length === 0) await rmdir(join(folder, name));
  }
}

/** Bytes of packs that a run without a fault stores. */
async function measureRun(server: RestServer, source: string): Promise<number> {
  const name = "measured";
  const directory = server.directory(name);
  await cp(server.directory(repository), directory, { recursive: true });
  const before = await storedPacks(directory);
  const run = await new EngineDevice().backUp({
    url: server.repositoryUrl(name),
    source: new NodeFolderSource(source),
  });
  if (run.ended !== "stored") throw new Error("the measured backup failed", { cause: run.error });
  const added = [...(await storedPacks(directory))].filter(([id]) => !before.has(id));
  await rm(directory, { recursive: true });
  return added.reduce((sum, [, length]) => sum + length, 0);
}

/** Two days ago by the clocks of both sides, so that also a device whose clock is behind comes later. */
async function backUpEarlier(server: RestServer, source: string): Promise<void> {
  const clock = new FaultClock(-2 * 24 * 60 * 60_000);
  const upstream = new URL("../", server.repositoryUrl(repository)).href;
  const proxy = await FaultProxy.start({ upstream, now: () => clock.now() });
  try {
    const url = `${proxy.url}${repository}/`;
    const run = await new EngineDevice().backUp({ url, clock, source: new NodeFolderSource(source) });
    if (run.ended !== "stored") throw new Error("the first backup failed", { cause: run.error });
  } finally {
    await proxy.close();
  }
}

/** A folder's description as a snapshot has it that holds the folder under its root name. */
export function below(root: string, tree: TreeDescription): TreeDescription {
  return new Map([[root, "folder"], ...[...tree].map(([path, what]) => [`${root}/${path}`, what] as const)]);
}

function fillOther(folder: string): void {
  const tree = new TreeWriter(folder);
  tree.file("by restic.txt", "what the command line stored\n", modified);
  tree.file("photos/one.jpg", seededBytes(901, 200_000), modified);
}

/** The folder as the earlier snapshot has it. */
function fillEarlier(folder: string): void {
  const tree = new TreeWriter(folder);
  tree.file("letters/kept.txt", "never changed\n", modified);
  tree.file("letters/edited.txt", "the first version\n", modified);
  tree.file("letters/to be deleted.txt", "gone later\n", modified);
  for (let i = 1; i <= 3; i++) tree.file(`photos/old ${i}.jpg`, seededBytes(i, fileBytes), modified);
  tree.folder("empty");
}

/** What the disturbed runs have to store. */
function addNewFiles(folder: string): void {
  const tree = new TreeWriter(folder);
  tree.file("letters/edited.txt", "the second version, which is longer\n");
  tree.file("letters/new.txt", "a new letter\n", modified);
  for (let i = 1; i <= newFiles; i++) tree.file(`photos/new ${i}.jpg`, seededBytes(100 + i, fileBytes), modified);
}

/** The packs that are stored, and their lengths. */
export async function storedPacks(directory: string): Promise<Map<string, number>> {
  const packs = new Map<string, number>();
  for (const entry of await readdir(join(directory, "data"), { recursive: true, withFileTypes: true })) {
    if (!/^[0-9a-f]{64}$/.test(entry.name) || !entry.isFile()) continue;
    packs.set(entry.name, (await stat(join(entry.parentPath, entry.name))).size);
  }
  return packs;
}

export function storedSnapshots(directory: string): Promise<string[]> {
  return storedFiles(directory, "snapshots");
}

export function storedLocks(directory: string): Promise<string[]> {
  return storedFiles(directory, "locks");
}

async function storedFiles(directory: string, folder: "snapshots" | "locks"): Promise<string[]> {
  return (await readdir(join(directory, folder))).filter((name) => /^[0-9a-f]{64}$/.test(name));
}
