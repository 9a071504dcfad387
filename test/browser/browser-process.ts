import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The Chromium that this process started last; its renderers and the like are that one's children. */
export function browserProcess(): number {
  const children = readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isOurBrowser(pid));
  const last = Math.max(...children);
  if (!Number.isFinite(last)) throw new Error("no browser was started by this process");
  return last;
}

function isOurBrowser(pid: number): boolean {
  try {
    const [, parent] = /\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    return Number(parent) === process.pid && /chrom/.test(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    // It has ended meanwhile.
    return false;
  }
}
