import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { portToKeep } from "../support/listening-program.ts";

export interface ServerProgram {
  program: string;
  args(port: number): readonly string[];
}

const startTimeoutMs = 20_000;

/** A server of its own that is killed and started again, on the same port and the same files. */
export class StoppableServer {
  private child: ChildProcess | null = null;

  private constructor(
    private server: ServerProgram,
    readonly port: number,
  ) {}

  static async start(server: ServerProgram): Promise<StoppableServer> {
    const started = new StoppableServer(server, await portToKeep());
    await started.resume();
    return started;
  }

  /** Kills it at once: nothing that is on its way is finished. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Starts it again, perhaps with other options, and waits until it listens. */
  async resume(server: ServerProgram = this.server): Promise<void> {
    this.server = server;
    const child = spawn(server.program, server.args(this.port), { stdio: "ignore" });
    this.child = child;
    const killWithUs = () => child.kill("SIGKILL");
    process.once("exit", killWithUs);
    child.once("exit", () => process.removeListener("exit", killWithUs));
    const deadline = performance.now() + startTimeoutMs;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${server.program} did not start`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (child.exitCode !== null) throw new Error(`another program has port ${this.port} of ${server.program}`);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
