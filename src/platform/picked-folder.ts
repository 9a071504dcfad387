import type { FolderPick } from "../workers/repository-api.ts";

/** A folder, or loose files as if they were in one. */
export interface PickedFolder {
  kind: "folder" | "files";
  /** The folder's own name; of loose files "Files". */
  name: string;
  folder: FolderPick;
  /** Of loose files, where the browser gave them. */
  fileHandles?: readonly FileSystemFileHandle[];
}
