import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rawNameOf } from "../../src/core/base/raw-name.ts";
import { changeFixtureSource, makeFixtureSource } from "./fixtures-source.ts";
import type { Peer } from "./peers.ts";
import type { RestServer } from "./rest-servers.ts";
import { Restic, type ResticRunOptions } from "./restic.ts";
import { sha256Hex } from "./restic-crypto.ts";
import { ResticKeys } from "./restic-keys.ts";
import { describeTree, type TreeDescription } from "./source-tree.ts";

/** Both open every fixture repository. */
export const fixturePasswords = ["testpassword", "pässwörd 🔑"] as const;

/** A snapshot that restic made, and what a restore of it must give. */
export interface FixtureSnapshot {
  id: string;
  /** Files and folders by their raw path inside the snapshot; links and devices are left out. */
  contents: TreeDescription;
}

export interface Fixture {
  /** Oldest first. One more was made and forgotten, so blobs without owners are there too. */
  snapshots: FixtureSnapshot[];
  /** The folder in the state that the snapshot tagged "second" holds at its root. */
  source: string;
}

export interface FixtureSettings {
  restic: Peer;
  server: RestServer;
  repository: string;
  formatVersion: 1 | 2;
  /** Where the source tree is made. */
  folder: string;
}

/**
 * Lets restic make a repository with everything that its format has: odd names and orders, links, devices, modes, times,
 * sizes around the chunker's limits, two keys, several hosts, tags and excludes, input by pipe, an uncompressed blob, and
 * blobs of a forgotten snapshot. The keys that restic made are there at the end; in between cheap ones stand in for them.
 */
export async function makeFixture(settings: FixtureSettings): Promise<Fixture> {
  const { server, repository, folder } = settings;
  const source = join(folder, "source");
  makeFixtureSource(source);
  const [password, secondPassword] = fixturePasswords;
  const location = server.resticRepository(repository);
  const restic = await Restic.open({ program: settings.restic, repository: location, password });
  try {
    await restic.succeed(["init", "--repository-version", String(settings.formatVersion)]);
    const passwordFile = join(folder, "second password");
    await writeFile(passwordFile, secondPassword);
    await restic.succeed(["key", "add", "--new-password-file", passwordFile]);
    const keys = new ResticKeys(server, repository);
    const original = await keys.makeCheap(fixturePasswords);
    const snapshots = await new FixtureSnapshots(restic, source, settings.formatVersion).make();
    await keys.replace(original);
    return { snapshots, source };
  } finally {
    await restic.close();
  }
}

class FixtureSnapshots {
  private readonly snapshots: FixtureSnapshot[] = [];

  constructor(
    private readonly restic: Restic,
    private readonly source: string,
    private readonly formatVersion: 1 | 2,
  ) {}

  async make(): Promise<FixtureSnapshot[]> {
    await this.ofFolders();
    await changeFixtureSource(this.source);
    const later = await describeFiles(this.source);
    const args = ["--host", "alpha", "--time", "2024-02-01 10:00:00", "--tag", "second", "."];
    await this.add(args, later, { cwd: this.source });
    await this.ofPipes();
    await this.forgotten();
    return this.snapshots;
  }

  private async ofFolders(): Promise<void> {
    const { source } = this;
    const whole = await describeFiles(source);
    const first = ["--host", "alpha", "--time", "2024-01-01 10:00:00", "--tag", "first", "--tag", "a,b", "."];
    await this.add(first, whole, { cwd: source });

    const excludes = ["--exclude", "big.bin", "--exclude-caches", "--exclude-if-present", ".nobackup"];
    const second = ["--host", "alpha", "--time", "2024-01-02 10:00:00", ...excludes, source];
    const excluded = new Set(["big.bin", "cachedir/cached.dat", "nobackup/hidden"]);
    await this.add(
      second,
      atAbsolutePath(
        source,
        select(whole, (path) => !excluded.has(path)),
      ),
    );

    const third = ["--host", "beta", "--time", "2024-01-03 10:00:00", "--tag", 'läbel "x"<&>'];
    const isChosen = (path: string) => /^docs(?:\/|$)/.test(path) || /^sizes(?:\/one)?$/.test(path);
    const targets = [join(source, "docs"), join(source, "sizes/one")];
    await this.add([...third, ...targets], atAbsolutePath(source, select(whole, isChosen)));
  }

  private async ofPipes(): Promise<void> {
    const gamma = ["--host", "gamma", "--stdin", "--stdin-filename"];
    const text = Buffer.from("from stdin\n");
    const piped = new Map([["stdin.txt", sha256Hex(text)]]);
    // Of the two, only 0.14 takes a name inside a folder.
    const isInFolder = this.restic.settings.program.name === "restic-0.14";
    if (isInFolder) piped.set("dir", "folder").set("dir/stdin.txt", sha256Hex(text)).delete("stdin.txt");
    const name = isInFolder ? "dir/stdin.txt" : "stdin.txt";
    const args = [...gamma, name, "--time", "2024-02-02 10:00:00", "--tag", "stdin"];
    await this.add(args, piped, { input: text });
    if (this.formatVersion === 1) return;
    const raw = Buffer.from("stored without compression\n".repeat(2000));
    const uncompressed = [...gamma, "raw.txt", "--time", "2024-02-03 10:00:00", "--compression", "off"];
    await this.add(uncompressed, new Map([["raw.txt", sha256Hex(raw)]]), { input: raw });
  }

  private async forgotten(): Promise<void> {
    const args = ["--host", "zeta", "--stdin", "--stdin-filename", "gone.txt"];
    const id = await this.backup(args, { input: Buffer.from("to be forgotten\n") });
    await this.restic.succeed(["forget", id]);
  }

  private async add(args: string[], contents: TreeDescription, options: ResticRunOptions = {}): Promise<void> {
    this.snapshots.push({ id: await this.backup(args, options), contents });
  }

  private async backup(args: string[], options: ResticRunOptions): Promise<string> {
    await this.restic.succeed(["backup", "-q", ...args], options);
    const [id] = (await this.snapshotIds()).filter((one) => !this.snapshots.some((known) => known.id === one));
    if (id === undefined) throw new Error(`restic backup ${args.join(" ")} made no snapshot`);
    return id;
  }

  /** `backup --json` of 0.14 tells the short id only, and there is no other way to the whole one. */
  private async snapshotIds(): Promise<string[]> {
    const { stdout } = await this.restic.succeed(["list", "snapshots", "--no-lock", "-q"]);
    return stdout
      .toString("utf8")
      .split("\n")
      .filter((line) => /^[0-9a-f]{64}$/.test(line));
  }
}

async function describeFiles(root: string): Promise<TreeDescription> {
  return select(await describeTree(root), (_, what) => what !== "special");
}

/** A part of a description. */
export function select(tree: TreeDescription, keep: (path: string, what: string) => boolean): TreeDescription {
  return new Map([...tree].filter(([path, what]) => keep(path, what)));
}

/** The description as restic stores a target that was given by its absolute path: below all folders on the way. */
function atAbsolutePath(root: string, tree: TreeDescription): TreeDescription {
  const parts = rawNameOf(root)
    .split("/")
    .filter((part) => part !== "");
  const moved: TreeDescription = new Map();
  for (let depth = 1; depth <= parts.length; depth++) moved.set(parts.slice(0, depth).join("/"), "folder");
  for (const [path, what] of tree) moved.set(`${parts.join("/")}/${path}`, what);
  return moved;
}
