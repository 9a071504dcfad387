import type { RepositoryApi, WriterState } from "../../workers/repository-api.ts";

/** What a backup in another tab of this browser does; one tab at a time writes to a repository. */
export class OtherTab {
  writer = $state.raw<WriterState>({ state: "none" });

  constructor(private readonly api: Pick<RepositoryApi, "watchWriter">) {}

  /** Follows it until the returned function is called. */
  watch(): () => void {
    const abort = new AbortController();
    void this.#follow(abort.signal);
    return () => abort.abort();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const onProgress = (writer: WriterState) => {
      if (!signal.aborted) this.writer = writer;
    };
    try {
      await this.api.watchWriter({}, { signal, onProgress });
    } catch {
      // It only tells. Starting a backup says for certain whether another tab writes.
    }
    this.writer = { state: "none" };
  }
}
