import { basename } from "node:path";
import type { TraceEvent } from "../browser/bare-browser.ts";
import { BenchApp } from "./bench-app.ts";
import type { BenchResult } from "./bench-report.ts";
import { type BenchWorld, benchPassword, initRepository } from "./bench-world.ts";

const repository = "main-thread";
const longTaskMs = 50;

/**
 * The tasks of the page's main thread while the tree is backed up, by a trace. What counts is the processor time of each: two
 * cores that are both busy let any task wait.
 */
export async function benchMainThread(world: BenchWorld): Promise<BenchResult> {
  const { server, chromium, data } = world;
  const folder = await data.tree();
  await initRepository(world, repository);
  await using app = await BenchApp.start(chromium, server.address);
  await app.open(server.repositoryUrl(repository), benchPassword);
  let seconds = 0;
  const events = await app.browser.trace(async () => {
    seconds = await app.backUp(folder, basename(folder));
  });
  const tasks = mainTasks(events);
  const cpuMs = tasks.map(({ tdur = 0 }) => tdur / 1000);
  const wallMs = tasks.map(({ dur = 0 }) => dur / 1000);
  const figures = {
    seconds,
    tasks: tasks.length,
    cpuSeconds: cpuMs.reduce((sum, ms) => sum + ms, 0) / 1000,
    longestCpuMs: Math.max(...cpuMs),
    longestWallMs: Math.max(...wallMs),
    longTasks: cpuMs.filter((ms) => ms > longTaskMs).length,
  };
  const text = [
    `main thread: ${figures.tasks} tasks in ${seconds.toFixed(1)} s, ${figures.cpuSeconds.toFixed(1)} s of processor time`,
    `  longest ${figures.longestCpuMs.toFixed(1)} ms of processor time, ${figures.longestWallMs.toFixed(1)} ms on the clock`,
    `  ${figures.longTasks} of more than ${longTaskMs} ms of processor time`,
  ].join("\n");
  return { text, line: { ratio: null, ...figures } };
}

/** The tasks of the main thread that shows the app: of all pages' that which has worked most. */
function mainTasks(events: readonly TraceEvent[]): TraceEvent[] {
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const isName = ({ name, args }: TraceEvent) => name === "thread_name" && args?.["name"] === "CrRendererMain";
  const threads = new Set(events.filter(isName).map(threadOf));
  const byThread = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const thread = threadOf(event);
    if (!event.name.endsWith("RunTask") || !threads.has(thread)) continue;
    const tasks = byThread.get(thread) ?? [];
    byThread.set(thread, tasks);
    tasks.push(event);
  }
  const work = (tasks: readonly TraceEvent[]) => tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0);
  const [busiest] = [...byThread.values()].sort((left, right) => work(right) - work(left));
  if (busiest === undefined) throw new Error("the trace has no task of a main thread");
  return busiest;
}
