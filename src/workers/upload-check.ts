import type { ErrorCode } from "../core/base/errors.ts";
import type { UploadCheck } from "../core/repository/upload-check.ts";
import { withProgress } from "./progress-sampler.ts";
import type { VerifyUploadProgress, VerifyUploadResult } from "./repository-api.ts";

/** Runs a check of what was uploaded, as the page asks for it and hears of it. */
export async function checkUpload(
  check: UploadCheck,
  signal: AbortSignal,
  { onProgress, waiting }: { onProgress(progress: VerifyUploadProgress): void; waiting(): ErrorCode | null },
): Promise<VerifyUploadResult> {
  const { packs, bytesTotal } = check;
  const progress = (): VerifyUploadProgress => {
    const { packsDone, bytesDone } = check;
    return { packsDone, packsTotal: packs.length, bytesDone, bytesTotal, waiting: waiting() };
  };
  await withProgress(progress, onProgress, () => check.run(signal));
  const failures = check.failures.map(({ pack, error: { code, context } }) => ({
    path: `data/${pack}`,
    code,
    context,
  }));
  return { packs: packs.length, bytes: bytesTotal, failures };
}
