import type { ErrorCode } from "../core/base/errors.ts";
import { type CheckedRepository, DataCheck } from "../core/checker/data-check.ts";
import type { CheckDataProgress, CheckDataResult } from "./repository-api.ts";

/** One check of all data as the page asks for it and hears of it. */
export class CheckJob {
  private readonly check: DataCheck;

  constructor(repository: CheckedRepository) {
    this.check = new DataCheck(repository);
  }

  progress(waiting: ErrorCode | null): CheckDataProgress {
    const { packsDone, packsTotal, bytesDone, bytesTotal, damages } = this.check;
    return { packsDone, packsTotal, bytesDone, bytesTotal, failures: damages.length, waiting };
  }

  async run(signal: AbortSignal): Promise<CheckDataResult> {
    const { check } = this;
    await check.run(signal);
    return {
      packs: check.packsDone,
      bytes: check.bytesDone,
      blobs: check.blobsDone,
      unnamedPacks: check.unnamed.length,
      unnamedBytes: check.unnamed.reduce((sum, { length }) => sum + length, 0),
      failures: check.damages.map(({ pack, error: { code, context } }) => ({ path: `data/${pack}`, code, context })),
    };
  }
}
