import type { Backend } from "../backend/backend.ts";
import { loadVerified } from "../backend/verified-load.ts";
import { type HoldallError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { UploadedPack } from "./blob-saver.ts";
import { isPackFailure } from "./pack-failure.ts";

export type CheckExtent = "sample" | "all";

/** A sample is a tenth, and not less than this. */
const smallestSample = 3;
const sampleShare = 0.1;
/** Bytes of packs in memory at once. */
const memoryBytes = 64 * 1024 * 1024;

/** Fetches packs whole and compares them with what was uploaded: their length and, by their name, every byte. */
export class UploadCheck {
  readonly packs: readonly UploadedPack[];
  readonly failures: { pack: Id; error: HoldallError }[] = [];
  packsDone = 0;
  bytesDone = 0;
  private readonly memory = new Semaphore(memoryBytes);

  constructor(
    private readonly backend: Pick<Backend, "load">,
    uploaded: readonly UploadedPack[],
    extent: CheckExtent,
    random: () => number = Math.random,
  ) {
    this.packs = extent === "all" ? [...uploaded] : sampleOf(uploaded, random);
  }

  get bytesTotal(): number {
    return this.packs.reduce((sum, { length }) => sum + length, 0);
  }

  /** Runs once. Throws what the backend throws unless it is about one pack, which is in `failures`. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const running = AbortSignal.any([signal, failed.signal]);
    const check = (pack: UploadedPack) => this.check(pack, running).catch((error: unknown) => failed.abort(error));
    const checks = this.packs.map((pack) => this.memory.with(pack.length, running, () => check(pack)));
    await Promise.allSettled(checks);
    running.throwIfAborted();
  }

  private async check({ id, length }: UploadedPack, signal: AbortSignal): Promise<void> {
    try {
      const bytes = await loadVerified(this.backend, { type: "data", id }, signal);
      if (bytes.length !== length) throw new IntegrityError("pack-mismatch", { pack: id, length: bytes.length });
    } catch (error) {
      if (!isPackFailure(error)) throw error;
      this.failures.push({ pack: id, error });
    }
    this.packsDone++;
    this.bytesDone += length;
  }
}

/** So many of them, each as likely as any other. */
function sampleOf(packs: readonly UploadedPack[], random: () => number): UploadedPack[] {
  const left = [...packs];
  const count = Math.min(left.length, Math.max(smallestSample, Math.ceil(left.length * sampleShare)));
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat();
}
