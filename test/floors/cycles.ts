/**
 * Cycles of a graph, such that every node that can reach itself is on one of them: each as the nodes on the way, the
 * first not repeated at the end.
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const settled = new Set<string>();
  for (const start of graph.keys()) {
    if (settled.has(start)) continue;
    const cycle = shortestWayBack(start, graph);
    if (cycle === null) continue;
    for (const node of cycle) settled.add(node);
    cycles.push(cycle);
  }
  return cycles;
}

/** Breadth first from a node to itself. */
function shortestWayBack(start: string, graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return wayTo(node, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return null;
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [];
  for (let node: string | undefined = end; node !== undefined; node = cameFrom.get(node)) way.unshift(node);
  return way;
}
