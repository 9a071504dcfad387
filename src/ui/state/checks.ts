import type { SnapshotInfo } from "../../workers/repository-api.ts";
import { checkText } from "../text/checks.ts";
import { checkCommand, trialCommand } from "../text/restic-commands.ts";
import type { CheckJob, Jobs, TrialJob } from "./jobs.svelte.ts";

/** Looking whether what is stored is sound: all of it, or one snapshot. */
export class Checks {
  constructor(
    private readonly jobs: Jobs,
    private readonly location: string,
  ) {}

  /** Reads everything; the check that runs already, if there is one. */
  start(): CheckJob {
    const label = { subject: checkText.subject, command: checkCommand(this.location) };
    return this.jobs.check ?? this.jobs.startCheck(label);
  }

  /** `subject`: what the snapshot is called in words. */
  tryRestore({ id }: SnapshotInfo, subject: string): TrialJob {
    return this.jobs.startTrial(id, { subject, command: trialCommand(this.location, id) });
  }
}
