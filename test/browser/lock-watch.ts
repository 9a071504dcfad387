import { type FSWatcher, readdirSync, watch } from "node:fs";

const betweenLooksMs = 5;

/** The names of the lock files in a folder, without those that are still being written. */
export function locksIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** Looks at a repository's folder of locks, at every change and in short intervals, and notes when there is none. */
export class LockWatch implements Disposable {
  looks = 0;
  /** When a look showed no lock, in milliseconds since the first lock was seen. */
  readonly gaps: number[] = [];
  private firstMs: number | null = null;
  private readonly watcher: FSWatcher;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly folder: string) {
    this.watcher = watch(folder, () => this.look());
    this.timer = setInterval(() => this.look(), betweenLooksMs);
  }

  [Symbol.dispose](): void {
    this.watcher.close();
    clearInterval(this.timer);
  }

  private look(): void {
    const locks = locksIn(this.folder);
    if (this.firstMs === null) {
      if (locks.length > 0) this.firstMs = Date.now();
      return;
    }
    this.looks++;
    if (locks.length === 0) this.gaps.push(Date.now() - this.firstMs);
  }
}
