import type { BackupProgress, BackupQuestion, BackupResult, RepositoryApi } from "../../workers/repository-api.ts";
import type { Job } from "./job.svelte.ts";

/** What a person can say to a running backup: wait, go on, and the answer to what it asks. */
export class Steering {
  /** Said, and not yet seen in the progress. */
  #pausing = $state.raw<boolean | null>(null);
  /** The last question that has its answer. */
  #answered = $state.raw<number | null>(null);

  constructor(
    private readonly api: Pick<RepositoryApi, "steerBackup">,
    private readonly job: Job<BackupProgress, BackupResult>,
  ) {}

  get paused(): boolean {
    return this.job.progress?.paused ?? false;
  }

  /** True from a click on pause or resume until the backup does it. */
  get changing(): boolean {
    return this.#pausing !== null && this.#pausing !== this.paused;
  }

  /** What it asks; null if nothing, or if it was answered. */
  get question(): BackupQuestion | null {
    const question = this.job.progress?.question ?? null;
    return !this.job.running || question === null || question.id === this.#answered ? null : question;
  }

  async pause(paused: boolean): Promise<void> {
    this.#pausing = paused;
    try {
      await this.api.steerBackup({ paused });
    } catch {
      // Whatever keeps the worker from being told ends the backup, too, and that is shown.
      this.#pausing = null;
    }
  }

  async answer(question: number, answer: "believe" | "stop"): Promise<void> {
    this.#answered = question;
    try {
      await this.api.steerBackup({ question, answer });
    } catch {
      this.#answered = null;
    }
  }
}
