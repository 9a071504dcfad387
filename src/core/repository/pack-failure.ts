import { HoldallError, IntegrityError } from "../base/errors.ts";

const codes: ReadonlySet<string> = new Set(["not-found", "gone", "range-refused", "short-body"]);

/** True if this tells what is wrong with one pack. Any other failure is no word about it, and ends a check. */
export function isPackFailure(error: unknown): error is HoldallError {
  return error instanceof IntegrityError || (error instanceof HoldallError && codes.has(error.code));
}
