import { HoldallError } from "../core/base/errors.ts";
import { displayName, type RawName } from "../core/base/raw-name.ts";
import type { FailedFile } from "./repository-api.ts";

/** "/Documents/letter.txt" */
export function displayPath(path: readonly RawName[]): string {
  return `/${path.map(displayName).join("/")}`;
}

/** A line of a result: what happened to one file. */
export function failedFile({ path, error }: { path: readonly RawName[]; error: unknown }): FailedFile {
  const known = error instanceof HoldallError ? error : new HoldallError("bug", { reason: String(error) });
  return { path: displayPath(path), code: known.code, context: known.context };
}
