import { spawn } from "node:child_process";
import type { PlantedDefect } from "../support/planted-defects.ts";
import type { BackupReport, BackupRequest, EngineLocation, SnapshotReport, TreeReport } from "./engine.ts";
import type { HoldallCommand, HoldallRequest } from "./holdall.ts";
import { holdallProgram } from "./holdall-program.ts";

/** One finished run of Holdall: of its engine as a program of its own, or of a job of the app in a browser. */
export interface HoldallRun<T> {
  command: string;
  /** An app has none: 0 stands for a job that is done, 1 for one that is not. */
  exitCode: number | null;
  /** What an app showed in the end, in place of an exit code. */
  outcome?: string;
  /** What it answered, or null if it failed. */
  result: T | null;
  stderr: string;
}

/** What the checks on a new snapshot need to know of it. */
export interface SavedSnapshot extends Pick<BackupReport, "snapshotId" | "failures"> {
  /** Null if whoever made it does not show it. */
  treeId: string | null;
}

/** Makes and fills a repository. */
export interface HoldallWriter {
  create(formatVersion: 1 | 2): Promise<HoldallRun<null>>;
  backup(backup: BackupRequest): Promise<HoldallRun<SavedSnapshot>>;
}

const timeoutMilliseconds = 120_000;

/** Runs the engine on one repository, each command in a new process, as restic's commands are. */
export class HoldallProcess implements HoldallWriter {
  constructor(
    private readonly location: EngineLocation,
    private readonly defect: PlantedDefect | null = null,
  ) {}

  create(formatVersion: 1 | 2): Promise<HoldallRun<null>> {
    return this.run({ command: "create", formatVersion });
  }

  backup(backup: BackupRequest): Promise<HoldallRun<BackupReport>> {
    return this.run({ command: "backup", backup });
  }

  snapshots(): Promise<HoldallRun<SnapshotReport[]>> {
    return this.run({ command: "snapshots" });
  }

  /** For each snapshot its paths with "folder" or the file's SHA-256. */
  hash(snapshots: string[]): Promise<HoldallRun<Record<string, [string, string][]>>> {
    return this.run({ command: "hash", snapshots });
  }

  restore(snapshot: string, target: string): Promise<HoldallRun<null>> {
    return this.run({ command: "restore", snapshot, target });
  }

  trees(): Promise<HoldallRun<TreeReport[]>> {
    return this.run({ command: "trees" });
  }

  private async run<T>(command: HoldallCommand): Promise<HoldallRun<T>> {
    const { location, defect } = this;
    const request: HoldallRequest = { location, ...command, ...(defect === null ? {} : { defect }) };
    const child = spawn(process.execPath, ["--no-warnings", await holdallProgram(), JSON.stringify(request)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on("data", (bytes: Buffer) => output.stdout.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => output.stderr.push(bytes));
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMilliseconds);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode) => {
        clearTimeout(timer);
        const stdout = Buffer.concat(output.stdout).toString("utf8");
        const stderr = Buffer.concat(output.stderr).toString("utf8");
        const result = stdout === "" ? null : (JSON.parse(stdout) as T);
        resolve({ command: `holdall ${command.command}`, exitCode, result, stderr });
      });
    });
  }
}
