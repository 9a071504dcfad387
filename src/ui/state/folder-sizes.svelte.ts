import type { FolderSizes as Measured, NodePath, RepositoryApi } from "../../workers/repository-api.ts";

interface FolderSize {
  bytes: number;
  files: number;
}

/** What the folders of the shown folder hold in all, as far as it is known. */
export class FolderSizes {
  #known = $state.raw<ReadonlyMap<number, FolderSize>>(new Map());
  /** True while folders are still being measured. */
  measuring = $state(false);
  #asking: AbortController | null = null;

  constructor(private readonly api: Pick<RepositoryApi, "measureFolders">) {}

  of(position: number): FolderSize | null {
    return this.#known.get(position) ?? null;
  }

  /** Measures the folders of this folder and forgets the former ones. Sizes that cannot be had stay unknown. */
  async measure(snapshot: string, path: NodePath): Promise<void> {
    this.stop();
    const asking = new AbortController();
    this.#asking = asking;
    this.measuring = true;
    const take = (measured: Measured) => {
      if (this.#asking === asking) this.#known = new Map(measured.sizes.map((size) => [size.position, size]));
    };
    try {
      take(await this.api.measureFolders({ snapshot, path }, { signal: asking.signal, onProgress: take }));
    } catch {
      // A folder that cannot be read says so when it is opened; the list is of use without its size.
    } finally {
      if (this.#asking === asking) this.measuring = false;
    }
  }

  stop(): void {
    this.#asking?.abort();
    this.#asking = null;
    this.#known = new Map();
    this.measuring = false;
  }
}
