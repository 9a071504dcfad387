import { type RestorerRepository, readBeginning } from "../core/restorer/restorer.ts";
import type { NodePath, Preview } from "./repository-api.ts";
import { transfer } from "./rpc.ts";
import { idOf } from "./wire-id.ts";

export interface PreviewRequest {
  snapshot: string;
  path: NodePath;
  maxBytes: number;
}

/** However much is asked for, this is all that goes into one buffer. */
export const mostPreviewed = 32 * 1024 * 1024;

/** The verified first bytes of a file, moved to the page. Throws as openFile. */
export async function previewFile(
  repository: RestorerRepository,
  { snapshot, path, maxBytes }: PreviewRequest,
  signal: AbortSignal,
): Promise<Preview> {
  const most = maxBytes > 0 ? Math.min(Math.floor(maxBytes), mostPreviewed) : 0;
  const { bytes, length } = await readBeginning(repository, idOf(snapshot), path, most, signal);
  return transfer({ bytes, totalBytes: length }, [bytes.buffer]);
}
