import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { AnswerFaults, faultsForRestic } from "./answer-faults.ts";
import { type ConnectionFigures, finalFigures } from "./connection-figures.ts";
import { ConnectionSource, rootName, type SourceShape } from "./connection-source.ts";
import { CountedSite } from "./counted-site.ts";

const repository = "counted";
const password = "a password of many connections";
/** What restic allows itself unless it is told otherwise. */
const limit = 5;
const timeoutMilliseconds = 15 * 60_000;

/** Without its cache restic asks for each folder, so that this many make thousands of requests. */
const shape: SourceShape = { folders: 2500, filesInFolder: 1 };

/** restic with the same kind of folder on the same kind of server, each command with counters of its own. */
export async function countRestic(program: Peer, seed: number): Promise<ConnectionFigures[]> {
  const folder = await mkdtemp(join(tmpdir(), "holdall-connections-"));
  const run = new ResticConnections(program, folder, seed);
  try {
    const source = new ConnectionSource(folder, shape, seed);
    await run.count("init");
    const first = await run.count("backup", "--pack-size", "4", rootName);
    source.change(1);
    const second = await run.count("backup", "--pack-size", "4", rootName);
    const restored = await run.count("restore", "latest", "--target", join(folder, "restored"));
    return [first, second, restored, await run.count("check", "--read-data")];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class ResticConnections {
  private readonly faults: AnswerFaults;

  constructor(
    private readonly program: Peer,
    private readonly folder: string,
    seed: number,
  ) {
    this.faults = new AnswerFaults(faultsForRestic, seed);
  }

  async count(command: string, ...args: string[]): Promise<ConnectionFigures> {
    await using site = await CountedSite.start(this.faults, join(this.folder, "repositories"));
    const location = { program: this.program, repository: `rest:${site.repositoryUrl(repository)}`, password };
    const restic = await Restic.open(location);
    try {
      await restic.succeed([command, ...args], { cwd: this.folder, timeoutMilliseconds });
      return await finalFigures(site.counts, { client: `restic ${command}`, limit });
    } finally {
      await restic.close();
    }
  }
}
