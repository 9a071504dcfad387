import { type ChildProcess, spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "./peers.ts";

/** One finished run of restic. */
export interface ResticRun {
  /** The command without repository and password: for messages. */
  command: string;
  /** Null if a signal ended it. */
  exitCode: number | null;
  stdout: Buffer;
  stderr: string;
  milliseconds: number;
}

export interface ResticRunOptions {
  cwd?: string;
  /** Bytes for its standard input, or a file with them. */
  input?: Buffer | { file: string };
  environment?: Readonly<Record<string, string>>;
  timeoutMilliseconds?: number;
}

export interface ResticSettings {
  program: Peer;
  /** As `restic -r` takes it. */
  repository: string;
  password: string;
}

const defaultTimeoutMilliseconds = 120_000;

/**
 * The restic program on one repository, in a world of its own: home, temporary and cache folders are private and go with
 * `close()`, nothing of this machine's RESTIC_ settings reaches it, and the password travels by environment.
 */
export class Restic {
  private constructor(
    readonly settings: ResticSettings,
    private readonly folder: string,
  ) {}

  static async open(settings: ResticSettings): Promise<Restic> {
    const folder = await mkdtemp(join(tmpdir(), "holdall-restic-"));
    for (const name of ["home", "tmp", "cache"]) await mkdir(join(folder, name));
    return new Restic(settings, folder);
  }

  /** Runs a command to its end, whatever the exit code. */
  run(args: readonly string[], options: ResticRunOptions = {}): Promise<ResticRun> {
    const { program, repository } = this.settings;
    const command = `restic ${args.join(" ")}`;
    const child = spawn(program.path, ["--no-cache", "-r", repository, ...args], {
      cwd: options.cwd ?? this.folder,
      env: this.environment(options.environment),
    });
    feed(child, options.input);
    return collect(child, command, options.timeoutMilliseconds ?? defaultTimeoutMilliseconds);
  }

  /** Runs a command that must succeed; throws with all that it said otherwise. */
  async succeed(args: readonly string[], options: ResticRunOptions = {}): Promise<ResticRun> {
    const run = await this.run(args, options);
    if (run.exitCode !== 0) throw new Error(describeRun(run));
    return run;
  }

  /** The JSON values that a successful command prints, one a line. The caller knows what they are. */
  async json<T>(args: readonly string[], options: ResticRunOptions = {}): Promise<T[]> {
    const run = await this.succeed([...args, "--json"], options);
    const lines = run.stdout.toString("utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as T);
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  private environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    return {
      PATH: process.env["PATH"],
      HOME: join(this.folder, "home"),
      TMPDIR: join(this.folder, "tmp"),
      RESTIC_CACHE_DIR: join(this.folder, "cache"),
      RESTIC_PASSWORD: this.settings.password,
      TZ: "UTC",
      ...extra,
    };
  }
}

/** The command, how it ended, and what it said: for messages of failing checks. */
export function describeRun(run: ResticRun): string {
  const said = `${run.stdout.subarray(0, 4000).toString("utf8")}\n${run.stderr.slice(0, 4000)}`.trim();
  return `${run.command} ended with ${run.exitCode ?? "a signal"}:\n${said}`;
}

function feed(child: ChildProcess, input: ResticRunOptions["input"]): void {
  // A program that ends before it has read its input closes the pipe: its exit code says more than this error.
  child.stdin?.on("error", () => undefined);
  if (input === undefined || Buffer.isBuffer(input)) child.stdin?.end(input);
  else if (child.stdin !== null) createReadStream(input.file).pipe(child.stdin);
}

function collect(child: ChildProcess, command: string, timeoutMilliseconds: number): Promise<ResticRun> {
  const started = performance.now();
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on("data", (bytes: Buffer) => output.stdout.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => output.stderr.push(bytes));
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMilliseconds);
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (exitCode) => {
      clearTimeout(timer);
      const stderr = Buffer.concat(output.stderr).toString("utf8");
      const milliseconds = Math.round(performance.now() - started);
      resolve({ command, exitCode, stdout: Buffer.concat(output.stdout), stderr, milliseconds });
    });
  });
}
