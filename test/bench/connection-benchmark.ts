import type { BenchResult } from "./bench-report.ts";
import type { BenchWorld } from "./bench-world.ts";
import type { ConnectionFigures } from "./connection-figures.ts";
import { measureConnections, type TabConnections } from "./connections.ts";

const limits = [5, 1, 2];

/** How many connections a long day's work takes, with each limit, and restic's commands beside it. The first limit is the app's own. */
export async function benchConnections({ chromium, restic, data, say }: BenchWorld): Promise<BenchResult> {
  const { requests } = data.sizes;
  say(`  ${requests} requests with each limit`);
  const compared = await measureConnections({ chromium, restic, requests, limits, seed: data.seed });
  const [own] = compared.holdall;
  return {
    text: ["connections:", ...compared.holdall.map(tabText), ...compared.restic.map(clientText)].join("\n"),
    line: { ratio: null, ...own, ...compared },
  };
}

function tabText(figures: TabConnections): string {
  const verdict = figures.broken.length === 0 ? "as it has to be" : `BROKEN: ${figures.broken.join(", ")}`;
  return `${clientText(figures)}: ${verdict}`;
}

function clientText(figures: ConnectionFigures): string {
  const { client, limit, requests, socketsOpened, socketsReused, bodiesAbandoned, peakConcurrent, socketsLeft } =
    figures;
  const sockets = `${socketsOpened} sockets opened, ${socketsReused} times one used again, ${socketsLeft} left`;
  return `  ${client}, limit ${limit}: ${requests} requests, ${sockets}, ${bodiesAbandoned} bodies abandoned, ${peakConcurrent} at once`;
}
