import type { ListedFolder } from "./api/folder-stats.ts";
import type { FolderLister } from "./remote-folder.ts";

/** So that there is always something to list while another answer is on its way, or is being worked on. */
const mostAtOnce = 8;

interface Wanted {
  path: string[];
  resolve(listed: ListedFolder | null): void;
  reject(error: unknown): void;
}

type ListFolders = (paths: string[][], signal: AbortSignal) => Promise<(ListedFolder | null)[]>;

/**
 * Lists folders by few questions: all that are asked for in one turn are asked for together, up to eight. A message to
 * another thread and back takes as long as listing a small folder.
 */
export function gatheredListings(list: ListFolders): FolderLister {
  let waiting: Wanted[] = [];

  const ask = async (wanted: readonly Wanted[], signal: AbortSignal) => {
    try {
      const listed = await list(
        wanted.map(({ path }) => path),
        signal,
      );
      for (const [i, { resolve }] of wanted.entries()) resolve(listed[i] ?? null);
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  };
  const askForAll = (signal: AbortSignal) => {
    const all = waiting;
    waiting = [];
    for (let i = 0; i < all.length; i += mostAtOnce) void ask(all.slice(i, i + mostAtOnce), signal);
  };
  return (path, signal) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(() => askForAll(signal));
      waiting.push({ path, resolve, reject });
    });
}
