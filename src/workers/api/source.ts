import type { Bytes } from "../../core/base/bytes.ts";
import type { FileStat } from "../../core/base/ports.ts";
import type { Method } from "../repository-api.ts";

/** What a source worker does with the folder that it was given; paths lead from there. Calls throw "source-unreadable". */
export interface SourceApi {
  /** Comes first, once. */
  init: Method<{ handle: FileSystemDirectoryHandle }, void>;
  list: Method<{ path: string[] }, { folders: string[]; files: string[] }>;
  /** Opens files of one folder and keeps them open until they are read; the reason in place of one that cannot be opened. */
  open: Method<{ path: string[]; names: string[] }, (FileStat | { reason: string })[]>;
  /** Small files one behind the other; they are open no more then. */
  read: Method<{ files: FileToRead[] }, Bytes>;
  /** The file itself, for what is read piece by piece. */
  file: Method<{ path: string[]; name: string }, File>;
}

export interface FileToRead {
  path: string[];
  name: string;
  /** Of another length it cannot be read. */
  size: number;
}
