import type { NodePath, RepositoryApi } from "../../workers/repository-api.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";
import { sorted } from "../file-order.ts";
import { isInside } from "../node-path.ts";

interface Branch {
  /** The folders in it, in the order of their names. */
  children: readonly { path: NodePath; name: string }[];
}

type Known = { state: "loading" } | { state: "ready"; branch: Branch } | { state: "failed"; failure: Failure };

/** One line of the tree as it is shown. */
export interface TreeLine {
  key: string;
  path: NodePath;
  name: string;
  /** From 1, as ARIA counts. */
  level: number;
  /** Its place among its siblings, from 1, and how many these are. */
  place: number;
  siblings: number;
  expanded: boolean;
  state: "closed" | "loading" | "open" | "failed";
  /** Open, and there is no folder in it. */
  isLeaf: boolean;
}

/** The folders of one snapshot; each is listed when it is opened first. */
export class FolderTree {
  #snapshot = "";
  /** By the key of the folder's path. */
  #known = $state.raw<ReadonlyMap<string, Known>>(new Map());
  #expanded = $state.raw<ReadonlySet<string>>(new Set());
  readonly lines = $derived(this.#linesOf([], "", 1));
  #life = new AbortController();

  constructor(private readonly api: Pick<RepositoryApi, "listFolder">) {}

  /** Opens all folders above a place, so that it is in sight. Another snapshot begins with a closed tree. */
  async reveal(snapshot: string, path: NodePath): Promise<void> {
    if (snapshot !== this.#snapshot) this.#begin(snapshot);
    for (let depth = 0; depth <= path.length; depth += 1) await this.expand(path.slice(0, depth));
  }

  async expand(path: NodePath): Promise<void> {
    const key = keyOf(path);
    this.#expanded = new Set([...this.#expanded, key]);
    const state = this.#known.get(key)?.state;
    if (state === "ready" || state === "loading") return;
    await this.#load(key, path);
  }

  collapse(path: NodePath): void {
    this.#expanded = new Set([...this.#expanded].filter((key) => key !== keyOf(path)));
  }

  #begin(snapshot: string): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#snapshot = snapshot;
    this.#known = new Map();
    this.#expanded = new Set();
  }

  async #load(key: string, path: NodePath): Promise<void> {
    const { signal } = this.#life;
    this.#learn(key, { state: "loading" });
    try {
      const { entries } = await this.api.listFolder({ snapshot: this.#snapshot, path }, { signal });
      if (signal.aborted) return;
      const folders = entries.filter(({ type }) => type === "dir");
      const children = sorted(folders, { column: "name", descending: false }).map(({ position, name }) => {
        return { path: [...path, position], name };
      });
      this.#learn(key, { state: "ready", branch: { children } });
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) this.#learn(key, { state: "failed", failure: failureOf(error) });
    }
  }

  #learn(key: string, known: Known): void {
    this.#known = new Map([...this.#known, [key, known]]);
  }

  #linesOf(path: NodePath, name: string, level: number, place = 1, siblings = 1): TreeLine[] {
    const key = keyOf(path);
    const known = this.#known.get(key);
    const expanded = this.#expanded.has(key);
    const children = known?.state === "ready" ? known.branch.children : [];
    const isLeaf = known?.state === "ready" && children.length === 0;
    const state = known === undefined ? "closed" : known.state === "ready" ? "open" : known.state;
    const line: TreeLine = { key, path, name, level, place, siblings, expanded: expanded && !isLeaf, state, isLeaf };
    if (!expanded) return [line];
    return [
      line,
      ...children.flatMap((child, at) => this.#linesOf(child.path, child.name, level + 1, at + 1, children.length)),
    ];
  }
}

export function keyOf(path: NodePath): string {
  return path.join(".");
}

/** The line that stands for a place: its own, or that of the nearest folder above it that is in sight. */
export function lineOf(lines: readonly TreeLine[], path: NodePath): number {
  let best = 0;
  for (const [at, line] of lines.entries()) {
    if (isInside(path, line.path) && line.path.length >= (lines[best]?.path.length ?? 0)) best = at;
  }
  return best;
}
