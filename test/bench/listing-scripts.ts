/**
 * What the page of the ceiling runs to learn what has changed in a folder. Sent as text, so it sees nothing of what is around
 * it here.
 */

export interface FolderListed {
  seconds: number;
  files: number;
  bytes: number;
}

/** Runs in the page: makes a place for a drop, and asks for the metadata of every file in the folder that is dropped on it. */
export async function listDropped(text: string): Promise<FolderListed> {
  const foldersAtOnce = 16;

  const promised = <Result>(ask: (done: (result: Result) => void, failed: (error: unknown) => void) => void) =>
    new Promise<Result>(ask);

  const awaitDrop = () =>
    promised<FileSystemEntry>((done, failed) => {
      const surface = document.createElement("div");
      surface.textContent = text;
      surface.ondragenter = (event) => event.preventDefault();
      surface.ondragover = (event) => event.preventDefault();
      surface.ondrop = (event) => {
        event.preventDefault();
        const entry = event.dataTransfer?.items[0]?.webkitGetAsEntry() ?? null;
        if (entry === null) failed(new Error("no folder was dropped"));
        else done(entry);
      };
      document.body.append(surface);
    });

  const folders = [(await awaitDrop()) as FileSystemDirectoryEntry];
  const startMs = performance.now();
  let files = 0;
  let bytes = 0;

  const measure = async (entry: FileSystemEntry) => {
    const { size } = await promised<{ size: number }>((done, failed) => entry.getMetadata?.(done, failed));
    files++;
    bytes += size;
  };
  const list = async (folder: FileSystemDirectoryEntry) => {
    const reader = folder.createReader();
    for (;;) {
      const entries = await promised<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
      if (entries.length === 0) return;
      folders.push(...(entries.filter(({ isDirectory }) => isDirectory) as FileSystemDirectoryEntry[]));
      await Promise.all(entries.filter(({ isFile }) => isFile).map(measure));
    }
  };
  while (folders.length > 0) await Promise.all(folders.splice(-foldersAtOnce).map(list));
  return { seconds: (performance.now() - startMs) / 1000, files, bytes };
}
