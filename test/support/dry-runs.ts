import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupRules } from "../../src/core/archiver/backup-rules.ts";
import { FolderReader, ReadAhead } from "../../src/core/archiver/folder-reader.ts";
import { compileRules } from "../../src/core/archiver/rule-selection.ts";
import { DirectoryBackend } from "../../src/core/backend/directory.ts";
import { bytesOfRawName, type RawName, rawNameOf } from "../../src/core/base/raw-name.ts";
import { lossyTextOf } from "../../src/core/base/utf8.ts";
import { createTestRepository, password } from "./memory-repository.ts";
import { NodeFolderSource } from "./node-folder-source.ts";
import { NodeRepositoryFolder } from "./node-repository-folder.ts";
import type { Peer } from "./peers.ts";
import { describeRun, Restic, type ResticRun } from "./restic.ts";

/** What a backup would hold of a folder: paths in it, one U+FFFD for a byte that is not UTF-8, folders with a slash behind. */
export type Included = readonly string[];

/** Lets restic and ours say what they would back up of the same folder. */
export class DryRuns {
  private constructor(
    readonly folder: string,
    private readonly restic: Restic,
  ) {}

  /** The repository is made by Holdall, with a key that opens at once. */
  static async open(program: Peer): Promise<DryRuns> {
    const folder = await mkdtemp(join(tmpdir(), "holdall-rules-"));
    const repository = join(folder, "repository");
    await mkdir(repository);
    await createTestRepository(new DirectoryBackend(new NodeRepositoryFolder(repository)));
    return new DryRuns(folder, await Restic.open({ program, repository, password }));
  }

  /** The absolute path of a source. */
  pathOf(source: string): string {
    return join(this.folder, source);
  }

  /** What `restic backup --dry-run -vv` would take of a source; throws what it says if it fails. */
  async byRestic(source: string, options: readonly string[]): Promise<Included> {
    const args = ["backup", "--dry-run", "-vv", "--json", ...options, source];
    const run = await this.restic.run(args, { cwd: this.folder });
    if (run.exitCode !== 0 && !isEmptySnapshot(run)) throw new Error(describeRun(run));
    const items: string[] = [];
    for (const line of run.stdout.toString("utf8").split("\n")) {
      if (!line.includes('"verbose_status"')) continue;
      const { item } = JSON.parse(line) as { item: string };
      if (item.startsWith(`/${source}/`)) items.push(item.slice(source.length + 2));
    }
    return items.filter((item) => item !== "").sort();
  }

  /** Those of the patterns that restic calls malformed. */
  async malformed(patterns: readonly string[]): Promise<string[]> {
    const options = patterns.map((pattern) => `--exclude=${pattern}`);
    const { stderr, exitCode } = await this.restic.run(["backup", "--dry-run", ...options, "."], { cwd: this.folder });
    const [before, listed] = stderr.split("invalid pattern(s) provided:\n");
    if (exitCode !== 1 || listed === undefined) throw new Error(`restic refused no pattern: ${before}`);
    return listed.split("\n").filter((line) => line !== "");
  }

  async close(): Promise<void> {
    await this.restic.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * What our rules select in a folder of this machine. Patterns see its real path, as restic's do; so versions before 0.19
 * are not followed where a pattern matches the folder itself.
 */
export async function includedByRules(folder: string, rules: BackupRules): Promise<Included> {
  const signal = new AbortController().signal;
  const ahead = new ReadAhead(
    () => undefined,
    () => undefined,
  );
  const ports = { ahead, selection: compileRules(rules), onExcluded: () => undefined, signal };
  const root = folder.split("/").slice(1).map(rawNameOf);
  const items: string[] = [];
  const walk = async (reader: FolderReader): Promise<void> => {
    for (const entry of await reader.read()) {
      if (entry.kind === "failed") throw entry.error;
      items.push(textOf([...reader.path.slice(root.length), entry.name]) + (entry.kind === "folder" ? "/" : ""));
      if (entry.kind === "folder") await walk(entry.folder);
    }
    ahead.release(reader);
  };
  await walk(new FolderReader(new NodeFolderSource(folder), root, ports));
  return items.sort();
}

/** Where the source itself is left out, restic ends with this. */
function isEmptySnapshot({ stdout, stderr }: ResticRun): boolean {
  return `${stdout.toString("utf8")}${stderr}`.includes("snapshot is empty");
}

function textOf(path: readonly RawName[]): string {
  return path.map((name) => lossyTextOf(bytesOfRawName(name))).join("/");
}
