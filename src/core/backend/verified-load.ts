import type { Bytes } from "../base/bytes.ts";
import { IntegrityError } from "../base/errors.ts";
import { hashId, type Id } from "../base/id.ts";
import type { Backend, NamedFileType } from "./backend.ts";

/**
 * Loads a whole file and compares its SHA-256 with its name; a damaged one is loaded once more, since damage may have
 * happened on the way. The caller owns the buffer. Throws IntegrityError "file-hash-mismatch" and what the backend throws.
 */
export async function loadVerified(
  backend: Pick<Backend, "load">,
  handle: { type: NamedFileType; id: Id },
  signal: AbortSignal,
): Promise<Bytes> {
  const first = await backend.load(handle, signal);
  if ((await hashId(first)) === handle.id) return first;
  const second = await backend.load(handle, signal);
  if ((await hashId(second)) === handle.id) return second;
  throw new IntegrityError("file-hash-mismatch", { type: handle.type, id: handle.id, length: second.length });
}
