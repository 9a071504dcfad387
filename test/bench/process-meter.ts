import { readdirSync, readFileSync } from "node:fs";

/** Between two looks at memory: each costs a few milliseconds of the processor that is being measured. */
const betweenLooksMs = 250;
/** Linux counts processor time in these, whatever its clock. */
const ticksPerSecond = 100;

interface ProcessLine {
  pid: number;
  parent: number;
  /** Its own processor time, and that of its children that have ended. */
  cpuSeconds: number;
}

/**
 * Measures a process and all that it starts, from start() to stop(), by /proc. Memory is what the processes have for
 * themselves or share by agreement; the program's files, which all of them map, are not in it.
 */
export class ProcessMeter {
  private readonly before: ReadonlyMap<number, number>;
  private readonly latest = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;
  private peakBytes = 0;

  private constructor(
    private readonly root: number,
    private readonly onLook: (bytes: number) => void,
  ) {
    this.before = new Map(processesOf(root).map(({ pid, cpuSeconds }) => [pid, cpuSeconds]));
    this.look();
    this.timer = setInterval(() => this.look(), betweenLooksMs);
  }

  /** `onLook` is told what the processes have at each look. */
  static start(pid: number, onLook: (bytes: number) => void = () => {}): ProcessMeter {
    return new ProcessMeter(pid, onLook);
  }

  stop(): { cpuSeconds: number; peakBytes: number } {
    clearInterval(this.timer);
    this.look();
    let cpuSeconds = 0;
    for (const [pid, seconds] of this.latest) cpuSeconds += seconds - (this.before.get(pid) ?? 0);
    return { cpuSeconds, peakBytes: this.peakBytes };
  }

  private look(): void {
    let bytes = 0;
    for (const { pid, cpuSeconds } of processesOf(this.root)) {
      bytes += ownBytes(pid);
      // One that ends keeps what it had taken when it was last seen.
      this.latest.set(pid, cpuSeconds);
    }
    this.peakBytes = Math.max(this.peakBytes, bytes);
    this.onLook(bytes);
  }
}

/** The process and everything below it. */
function processesOf(root: number): ProcessLine[] {
  const lines = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? processLine(name) : []));
  const mine = new Set([root]);
  // A process can be listed before its parent: until nobody is added any more.
  for (let known = 0; known !== mine.size; ) {
    known = mine.size;
    for (const { pid, parent } of lines) if (mine.has(parent)) mine.add(pid);
  }
  return lines.filter(({ pid }) => mine.has(pid));
}

function processLine(pid: string): ProcessLine[] {
  // The name of the program stands in parentheses and may hold any.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ")
    .map(Number);
  const [, parent] = fields;
  const ticks = fields.slice(11, 13).reduce((sum, count) => sum + count, 0);
  return parent === undefined ? [] : [{ pid: Number(pid), parent, cpuSeconds: ticks / ticksPerSecond }];
}

function ownBytes(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return (kibibytes("RssAnon") + kibibytes("RssShmem")) * 1024;
}

/** Empty if the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
