import type { Backend } from "../backend/backend.ts";
import { randomBytes } from "../base/bytes.ts";
import { BackendError, HoldallError, isAbort } from "../base/errors.ts";
import { idOfBytes } from "../base/id.ts";

/**
 * Whether a server lets nothing but locks be removed: it refuses then to remove a pack that nobody has, whose random name
 * cannot be one that exists. Null if its answer does not tell.
 */
export async function isAppendOnly(backend: Pick<Backend, "remove">, signal: AbortSignal): Promise<boolean | null> {
  try {
    await backend.remove({ type: "data", id: idOfBytes(randomBytes(32)) }, signal);
    return false;
  } catch (error) {
    if (error instanceof BackendError && error.code === "append-only") return true;
    if (error instanceof HoldallError || isAbort(error)) return null;
    throw error;
  }
}
