import { compileRules } from "../core/archiver/rule-selection.ts";
import { Scanner } from "../core/archiver/scanner.ts";
import type { SourceFolder } from "../core/base/ports.ts";
import { displayName, rawNameOf } from "../core/base/raw-name.ts";
import { failedFile } from "./failed-file.ts";
import { withProgress } from "./progress-sampler.ts";
import type { BackupPreview, FolderPick, RepositoryApi } from "./repository-api.ts";

export interface BackupPreviewPorts {
  sourceFolderOf(pick: FolderPick): SourceFolder;
}

/** What a backup would include. Throws "pattern-malformed", before anything is read, and the signal's reason. */
export async function previewBackup(
  { sourceFolderOf }: BackupPreviewPorts,
  { sources, rules }: Parameters<RepositoryApi["previewBackup"]>[0],
  signal: AbortSignal,
  onProgress: (preview: BackupPreview) => void,
): Promise<BackupPreview> {
  const selection = compileRules(rules);
  const folders = sources.map(({ rootName, folder }) => ({
    rootName: rawNameOf(rootName),
    folder: sourceFolderOf(folder),
  }));
  const scanner = new Scanner(folders, selection);
  try {
    await withProgress(
      () => previewOf(scanner),
      onProgress,
      () => scanner.run(signal),
    );
    return previewOf(scanner);
  } finally {
    for (const { folder } of folders) folder.close?.();
  }
}

function previewOf(scanner: Scanner): BackupPreview {
  const { files, bytes, excludedFiles, excludedFolders, isComplete } = scanner;
  return {
    files,
    bytes,
    excludedFiles,
    excludedFolders,
    folders: scanner.folders.map((folder) => ({ ...folder, path: folder.path.map(displayName) })),
    excluded: scanner.excluded.map(({ path, kind, sizeBytes, reason }) => ({
      path: path.map(displayName),
      isFolder: kind === "folder",
      bytes: sizeBytes,
      reason,
    })),
    failures: scanner.failures.map(failedFile),
    complete: isComplete,
  };
}
