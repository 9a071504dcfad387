import type { Examine, Patient, Rung } from "../../platform/doctor.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";

/** One examination of an address, from its start to its last rung or until it is not wanted any more. */
export class Doctor {
  rungs = $state.raw<readonly Rung[]>([]);
  running = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** What to put right first; null while none is known. */
  readonly firstBad = $derived(this.rungs.find(({ state }) => state === "bad") ?? null);
  readonly #abort = new AbortController();

  constructor(
    private readonly examine: Examine,
    private readonly patient: Patient,
  ) {}

  get url(): string {
    return this.patient.url;
  }

  async run(): Promise<void> {
    this.running = true;
    try {
      const onRungs = (rungs: readonly Rung[]) => {
        this.rungs = rungs;
      };
      this.rungs = await this.examine(this.patient, { signal: this.#abort.signal, onRungs });
    } catch (error) {
      if (!isAborted(error)) this.failure = failureOf(error);
    } finally {
      this.running = false;
    }
  }

  stop(): void {
    this.#abort.abort();
  }
}
