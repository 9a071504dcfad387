import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "../support/peers.ts";
import { ProcessMeter } from "./process-meter.ts";

/** What a command of restic took. */
export interface ResticCost {
  seconds: number;
  cpuSeconds: number;
  peakBytes: number;
}

/** The shell's word on the processor time of its children, such as "0m1.250s 0m0.120s". */
const timesPattern = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/;

/**
 * The restic program on one repository as a person runs it: its defaults, its cache. Home and cache are its own and go with
 * close().
 */
export class NativeRestic implements AsyncDisposable {
  private constructor(
    private readonly program: Peer,
    private readonly repository: string,
    private readonly password: string,
    private readonly home: string,
  ) {}

  static async open(program: Peer, repository: string, password: string): Promise<NativeRestic> {
    const home = await mkdtemp(join(tmpdir(), "holdall-bench-restic-"));
    return new NativeRestic(program, repository, password, home);
  }

  /** Runs a command that must succeed. Throws with what it said otherwise. */
  async run(args: readonly string[], cwd = this.home): Promise<ResticCost> {
    // The shell waits for restic and tells its processor time, which Node does not.
    const script = '"$@" 1>&2; code=$?; times; exit $code';
    const command = [this.program.path, "--quiet", "-r", this.repository, ...args];
    const startMs = performance.now();
    const child = spawn("bash", ["-c", script, "bash", ...command], { cwd, env: this.environment() });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr = (said.stderr + text).slice(-4000)));
    const meter = ProcessMeter.start(child.pid ?? 0);
    const code = await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
    const seconds = (performance.now() - startMs) / 1000;
    const { peakBytes } = meter.stop();
    if (code !== 0) throw new Error(`restic ${args.join(" ")} ended with ${code}: ${said.stderr}`);
    return { seconds, cpuSeconds: cpuSecondsOf(said.stdout), peakBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }

  private environment(): NodeJS.ProcessEnv {
    return { PATH: process.env["PATH"], HOME: this.home, RESTIC_PASSWORD: this.password };
  }
}

/** Of the shell's two lines the second is about its children. */
function cpuSecondsOf(times: string): number {
  const [, userMinutes, userSeconds, systemMinutes, systemSeconds] =
    timesPattern.exec(times.trim().split("\n")[1] ?? "") ?? [];
  const minutes = Number(userMinutes) + Number(systemMinutes);
  return minutes * 60 + Number(userSeconds) + Number(systemSeconds);
}
