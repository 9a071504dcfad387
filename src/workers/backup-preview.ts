import { HoldallError } from "../core/base/errors.ts";
import type { SourceFolder } from "../core/base/ports.ts";
import type { BackupPreview, FolderPick, RepositoryApi } from "./repository-api.ts";

export interface BackupPreviewPorts {
  sourceFolderOf(pick: FolderPick): SourceFolder;
}

/** What a backup would include. */
export async function previewBackup(
  _ports: BackupPreviewPorts,
  _request: Parameters<RepositoryApi["previewBackup"]>[0],
  _signal: AbortSignal,
  _onProgress: (preview: BackupPreview) => void,
): Promise<BackupPreview> {
  throw new HoldallError("feature-missing");
}
