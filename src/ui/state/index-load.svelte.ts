import type { IndexInfo, IndexProgress, RepositoryApi } from "../../workers/repository-api.ts";
import { isUnreachable } from "../failure.ts";
import { Loader } from "./loader.svelte.ts";

const nothingYet: IndexProgress = { filesDone: 0, filesTotal: 0 };

/** The index of the open repository, which is loaded behind all that needs none. */
export class IndexLoad {
  progress = $state.raw<IndexProgress>(nothingYet);
  readonly #loader = new Loader<IndexInfo>();
  readonly load = $derived(this.#loader.current);
  /** Why it cannot be loaded. That nobody answered is told where it is needed, and tried again there. */
  readonly failure = $derived(
    this.load.state === "failed" && !isUnreachable(this.load.failure) ? this.load.failure : null,
  );

  constructor(private readonly api: Pick<RepositoryApi, "awaitIndex">) {}

  /** Never rejects. If the index could not be loaded, this has it tried again. */
  async follow(): Promise<void> {
    this.progress = nothingYet;
    const onProgress = (progress: IndexProgress) => {
      this.progress = progress;
    };
    await this.#loader.load((signal) => this.api.awaitIndex({}, { signal, onProgress }));
  }
}
