import { type Clock, systemClock } from "../core/base/clock.ts";

export interface FolderWatcher {
  /** Something has changed, and it is time to look. May be told again. */
  onDue(): void;
  /** The watching is over: a folder is not there any more, or the browser does not want to (any more). */
  onEnded(reason: "gone" | "refused"): void;
}

/** Programs write in bursts: a run in the midst of one would read half of it. */
const quietMs = 30_000;
/** A folder that is never quiet is due all the same. */
const longestMs = 10 * 60_000;

/** Watches folders with all that is in them until the returned function is called. */
export function watchFolders(
  folders: readonly FileSystemDirectoryHandle[],
  watcher: FolderWatcher,
  clock: Clock = systemClock,
): () => void {
  const watch = new FolderWatch(watcher, clock);
  void watch.begin(folders);
  return () => watch.end();
}

class FolderWatch {
  private observer: FileSystemObserver | null = null;
  private isOver = false;
  /** When the first change came that nobody has been told of. */
  private changedMs: number | null = null;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly watcher: FolderWatcher,
    private readonly clock: Clock,
  ) {}

  async begin(folders: readonly FileSystemDirectoryHandle[]): Promise<void> {
    const Observer = globalThis.FileSystemObserver;
    if (Observer === undefined) return this.fail("refused");
    this.observer = new Observer((records) => this.note(records));
    try {
      for (const folder of folders) await this.observer.observe(folder, { recursive: true });
    } catch (error) {
      this.fail(isGone(error) ? "gone" : "refused");
    }
    // It may have ended while the browser was asked.
    if (this.isOver) this.observer.disconnect();
  }

  end(): void {
    this.isOver = true;
    this.cancelTimer();
    this.observer?.disconnect();
  }

  private note(records: readonly FileSystemChangeRecord[]): void {
    if (this.isOver) return;
    const end = records.map(endIn).find((reason) => reason !== null);
    if (end === undefined) this.wait();
    else this.fail(end);
  }

  private wait(): void {
    this.changedMs ??= this.clock.now();
    const leftMs = this.changedMs + longestMs - this.clock.now();
    this.cancelTimer();
    this.cancelTimer = this.clock.after(Math.max(0, Math.min(quietMs, leftMs)), () => {
      this.changedMs = null;
      this.watcher.onDue();
    });
  }

  private fail(reason: "gone" | "refused"): void {
    if (this.isOver) return;
    this.end();
    this.watcher.onEnded(reason);
  }
}

/** What is in the folder comes and goes; only the folder itself ends the watching. */
function endIn({ type, relativePathComponents }: FileSystemChangeRecord): "gone" | "refused" | null {
  if (type === "errored") return "refused";
  return type === "disappeared" && relativePathComponents.length === 0 ? "gone" : null;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === "NotFoundError";
}

declare global {
  interface FileSystemChangeRecord {
    /** From the watched folder downwards. */
    relativePathComponents: readonly string[];
    type: "appeared" | "disappeared" | "modified" | "moved" | "unknown" | "errored";
  }
  interface FileSystemObserver {
    observe(handle: FileSystemHandle, options: { recursive: boolean }): Promise<void>;
    disconnect(): void;
  }
  var FileSystemObserver:
    | (new (
        callback: (records: FileSystemChangeRecord[]) => void,
      ) => FileSystemObserver)
    | undefined;
}
