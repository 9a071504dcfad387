import type {
  BackupPreview,
  BackupRules,
  BackupSource,
  ExclusionReason,
  PreviewFolder,
  RepositoryApi,
} from "../../workers/repository-api.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";

/** A folder of a preview and what it holds in all; the largest come first. */
export interface PreviewBranch {
  /** From the root name downwards. */
  path: readonly string[];
  files: number;
  bytes: number;
  folders: readonly PreviewBranch[];
  /** Files that are in none of these folders. */
  looseFiles: number;
  looseBytes: number;
}

/** What a set would include now. What was seen stays while it is looked at again. */
export class SetPreview {
  seen = $state.raw<BackupPreview | null>(null);
  looking = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** What the preview was asked about, to know whether it is of now. */
  asked = $state.raw<string | null>(null);
  readonly roots = $derived(this.seen === null ? [] : branchesOf(this.seen.folders));
  readonly reasons = $derived(reasonsOf(this.seen?.excluded ?? []));
  /** Sizes of folders as they were last seen, for those that are left out since. */
  readonly #sizes = new Map<string, PreviewFolder>();
  #asking: AbortController | null = null;

  constructor(private readonly api: Pick<RepositoryApi, "previewBackup">) {}

  /** Never rejects; a later question drops an earlier one's answer. */
  async look(sources: BackupSource[], rules: BackupRules): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.looking = true;
    this.failure = null;
    this.asked = JSON.stringify(rules);
    const show = (preview: BackupPreview) => {
      if (this.#asking === asking) this.#show(preview);
    };
    try {
      show(await this.api.previewBackup({ sources, rules }, { signal: asking.signal, onProgress: show }));
    } catch (error) {
      if (this.#asking === asking && !isAborted(error)) this.failure = failureOf(error);
    } finally {
      if (this.#asking === asking) this.looking = false;
    }
  }

  stop(): void {
    this.#asking?.abort();
    this.#asking = null;
    this.looking = false;
  }

  /** What this folder held when it was last included; null if it never was. */
  lastSeen(path: readonly string[]): PreviewFolder | null {
    return this.#sizes.get(keyOf(path)) ?? null;
  }

  #show(preview: BackupPreview): void {
    this.seen = preview;
    for (const folder of preview.folders) this.#sizes.set(keyOf(folder.path), folder);
  }
}

/** The flat list as trees, largest first. A folder whose parent is not among the listed ones stands by itself. */
function branchesOf(folders: readonly PreviewFolder[]): PreviewBranch[] {
  const known = new Set(folders.map(({ path }) => keyOf(path)));
  const children = new Map<string, PreviewFolder[]>();
  for (const folder of folders) {
    const parent = keyOf(folder.path.slice(0, -1));
    const under = known.has(parent) ? parent : topKey;
    children.set(under, [...(children.get(under) ?? []), folder]);
  }
  const branchOf = (folder: PreviewFolder): PreviewBranch => {
    const inner = (children.get(keyOf(folder.path)) ?? []).map(branchOf).toSorted(largestFirst);
    return {
      ...folder,
      folders: inner,
      looseFiles: Math.max(0, folder.files - sum(inner, ({ files }) => files)),
      looseBytes: Math.max(0, folder.bytes - sum(inner, ({ bytes }) => bytes)),
    };
  };
  return (children.get(topKey) ?? []).map(branchOf).toSorted(largestFirst);
}

const topKey = "";

function keyOf(path: readonly string[]): string {
  return path.join("/");
}

function largestFirst(one: PreviewBranch, other: PreviewBranch): number {
  return other.bytes - one.bytes || keyOf(one.path).localeCompare(keyOf(other.path));
}

function sum<T>(values: readonly T[], amountOf: (value: T) => number): number {
  return values.reduce((total, value) => total + amountOf(value), 0);
}

function reasonsOf(excluded: BackupPreview["excluded"]): [ExclusionReason, number][] {
  const counts = new Map<ExclusionReason, number>();
  for (const { reason } of excluded) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].toSorted(([, one], [, other]) => other - one);
}
