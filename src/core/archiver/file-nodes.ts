import { HoldallError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { FileStat } from "../base/ports.ts";
import { encodeNode, fileNode, type Node } from "../format/node.ts";
import { isAlwaysRead } from "./always-read.ts";
import type { BackupCounts } from "./backup-counts.ts";
import { isUnchanged, looksUnchanged } from "./change-detection.ts";
import type { FileSaver, FinishedFile } from "./file-saver.ts";
import type { ReadEntry } from "./folder-reader.ts";
import { hashBelow, hashPath, isInTurn, type RereadTurn } from "./reread-turn.ts";
import type { Place, SavedNode } from "./saved-node.ts";
import type { SlowFiles } from "./slow-files.ts";
import { isSourceUnreadable } from "./steady-file.ts";

export type FileEntry = Extract<ReadEntry, { kind: "file" }>;

export interface FileNodesPorts {
  files: FileSaver;
  counts: BackupCounts;
  slow: SlowFiles;
  /** Which of the files that seem unchanged are read; null: only those that are always read. */
  reread: RereadTurn | null;
  hasData(id: Id): boolean;
  /** Ends the run: something failed while the walk was already further on. */
  fail(error: unknown): void;
}

/** The parent's node of a file that is read, and whether it was read although it seems unchanged. */
interface ReadParent {
  node: Node | null;
  isReread: boolean;
}

/** Makes the nodes of the files of one folder: the parent's for what is unchanged, new ones for what was read. */
export class FileNodes {
  private pathHash: number | null = null;

  constructor(
    private readonly ports: FileNodesPorts,
    private readonly place: Place,
  ) {}

  /**
   * The parent's node, if the file need not be read; null if it must. Not asynchronous, since most files of most runs end
   * here.
   */
  keep({ name, file }: FileEntry, parent: Node | undefined): SavedNode | null {
    const { counts, hasData } = this.ports;
    if (!parent || !isUnchanged(parent, file, hasData) || this.isToBeReread(name, file)) return null;
    counts.done(file.size);
    return this.unmodified(parent, file);
  }

  /** Begins to read a file. `saved` resolves with its node, or with null if the run goes on without it. */
  async begin(entry: FileEntry, parent: Node | undefined): Promise<{ saved: Promise<SavedNode | null> }> {
    const { files, counts, hasData, fail } = this.ports;
    // Asked before it is read: what the server had lost seems to have been there all the time when it is stored again.
    const isReread = parent !== undefined && isUnchanged(parent, entry.file, hasData);
    if (isReread) counts.rereadFiles++;
    const { saved } = await files.begin(entry);
    const node = saved.then((result) => this.fileDone(entry, { node: parent ?? null, isReread }, result));
    node.catch(fail); // the folder awaits it much later
    return { saved: node };
  }

  /**
   * True if a file of a pick is the one that a node stands for. One that may change behind its size and time is read for
   * it; what has another content then is another file, and the node stays.
   */
  async isSame(entry: FileEntry, node: Node): Promise<boolean> {
    const { files, counts } = this.ports;
    if (!looksUnchanged(node, entry.file)) return false;
    if (!isAlwaysRead(entry.name) || entry.file.size === 0) return true;
    const { saved } = await files.begin(entry);
    await files.flush();
    const result = await saved;
    if ("error" in result) return true; // whoever reads it next reports it
    counts.rereadFiles++;
    if (hasContent(node, result.content)) return true;
    counts.hiddenChanges++;
    return false;
  }

  private isToBeReread(name: FileEntry["name"], { size }: FileStat): boolean {
    const { reread } = this.ports;
    const { path, addsToParent } = this.place;
    if (size === 0 || addsToParent) return false; // a pick has compared already: isSame
    if (isAlwaysRead(name)) return true;
    if (reread === null) return false;
    this.pathHash ??= hashPath(path);
    return isInTurn(hashBelow(this.pathHash, name), reread);
  }

  private fileDone(entry: FileEntry, parent: ReadParent, result: FinishedFile): SavedNode | null {
    const { counts, slow } = this.ports;
    const { name, file } = entry;
    const { node, isReread } = parent;
    const { durationMs } = result;
    counts.done(file.size);
    if (slow.isSlow(durationMs)) slow.note({ path: [...this.place.path, name], bytes: file.size, durationMs });
    if ("error" in result) return this.fileFailed(entry, parent, result.error);
    if (node !== null && looksUnchanged(node, result.file)) {
      if (hasContent(node, result.content)) return this.unmodified(node, result.file);
      if (isReread) counts.hiddenChanges++;
    }
    return this.changed(entry, node?.type === "file" ? node : null, result);
  }

  /** A file that seems unchanged and cannot be compared stays as the parent has it: it may only be in use. */
  private fileFailed({ name, file }: FileEntry, { node, isReread }: ReadParent, error: unknown): SavedNode | null {
    const path = [...this.place.path, name];
    if (node === null || !isReread || !isSourceUnreadable(error)) {
      this.ports.counts.failed(path, error);
      return null;
    }
    const context = { ...error.context, kept: true };
    this.ports.counts.failed(path, new HoldallError("source-unreadable", context, { cause: error }));
    return this.unmodified(node, file);
  }

  private changed(
    { name }: FileEntry,
    from: Node | null,
    { content, file }: Extract<FinishedFile, { content: unknown }>,
  ): SavedNode {
    const { counts } = this.ports;
    const { size, modifiedMs } = file;
    if (from) counts.filesChanged++;
    else counts.filesNew++;
    counts.totalBytes += size;
    return { name, encoded: encodeNode(fileNode({ name, size, modifiedMs, content, from })), modifiedMs };
  }

  private unmodified(node: Node, { size, modifiedMs }: FileStat): SavedNode {
    this.ports.counts.unmodified(size);
    return { name: node.name, encoded: node.source, modifiedMs };
  }
}

function hasContent({ content }: Node, ids: readonly Id[]): boolean {
  return content !== null && content.length === ids.length && content.every((id, i) => id === ids[i]);
}
