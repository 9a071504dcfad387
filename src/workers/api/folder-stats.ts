import type { Method } from "../repository-api.ts";

/** What is in a folder, without handles: a page is told that for a fraction of what opening each file takes. */
export interface ListedFolder {
  folders: string[];
  files: string[];
  /** Of the files, in their order: bytes, and milliseconds since 1970. */
  sizes: number[];
  modifiedMs: number[];
}

/** What the page serves to the repository worker: only a page can look into what was dropped on it without handles. */
export interface FolderStatsApi {
  /** `paths` lead from the dropped folder, of which the page knows the number, downwards. Null where the page cannot tell. */
  listDropped: Method<{ dropped: number; paths: string[][] }, (ListedFolder | null)[]>;
}
