import { HoldallError } from "../core/base/errors.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { VerifyUploadProgress, VerifyUploadResult } from "./repository-api.ts";

/** Fetches what was uploaded and compares it. */
export async function checkUpload(
  _repository: Repository,
  _extent: "sample" | "all",
  _signal: AbortSignal,
  _onProgress: (progress: VerifyUploadProgress) => void,
): Promise<VerifyUploadResult> {
  throw new HoldallError("feature-missing");
}
