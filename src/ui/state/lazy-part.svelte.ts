/** A part of the page that is loaded when it is needed, or shortly before. */
export class LazyPart<Part> {
  part = $state.raw<Part | null>(null);
  /** Why it could not be loaded, until the next try. */
  failure = $state.raw<unknown>(null);
  #loading: Promise<void> | null = null;

  constructor(private readonly importPart: () => Promise<{ default: Part }>) {}

  /** Loads it, if that has not been done; says in `part` or `failure` what became of it. */
  load(): Promise<void> {
    this.failure = null;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      this.part = (await this.importPart()).default;
    } catch (error) {
      this.failure = error;
      this.#loading = null;
    }
  }
}
