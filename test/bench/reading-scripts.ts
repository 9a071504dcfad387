/**
 * What the page of the ceiling runs to read a folder: the browser's fastest ways, with nothing behind them. These functions are
 * sent as text, so each sees nothing of what is around it here.
 */

export interface FolderRead {
  seconds: number;
  files: number;
  bytes: number;
}

/** Runs in a worker: lists the folder that is posted, opens all of its files, and reads them in groups. */
export function serveReading(): void {
  const foldersAtOnce = 8;
  const filesAtOnce = 32;
  const groupFiles = 256;
  const groupBytes = 4 * 1024 * 1024;
  const groupsAtOnce = 4;

  const readFolder = async (root: FileSystemDirectoryHandle) => {
    const startMs = performance.now();
    const folders = [root];
    const reading = new Set<Promise<void>>();
    let group: File[] = [];
    let length = 0;
    let files = 0;
    let bytes = 0;

    const readGroup = async (read: File[]) => {
      const { byteLength } = await new Blob(read).arrayBuffer();
      bytes += byteLength;
    };
    const flush = async () => {
      const read = readGroup(group).finally(() => reading.delete(read));
      reading.add(read);
      group = [];
      length = 0;
      if (reading.size >= groupsAtOnce) await Promise.race(reading);
    };
    const take = async (file: File) => {
      files++;
      group.push(file);
      length += file.size;
      if (group.length >= groupFiles || length >= groupBytes) await flush();
    };
    const open = async (handles: FileSystemFileHandle[]) => {
      for (let handle = handles.pop(); handle !== undefined; handle = handles.pop()) await take(await handle.getFile());
    };
    const list = async (folder: FileSystemDirectoryHandle) => {
      const handles: FileSystemFileHandle[] = [];
      for await (const child of folder.values()) {
        if (child.kind === "directory") folders.push(child);
        else handles.push(child);
      }
      await Promise.all(Array.from({ length: filesAtOnce }, () => open(handles)));
    };

    while (folders.length > 0) await Promise.all(folders.splice(-foldersAtOnce).map(list));
    await flush();
    await Promise.all(reading);
    return { seconds: (performance.now() - startMs) / 1000, files, bytes };
  };

  self.addEventListener("message", ({ data, ports }) => {
    const [port] = ports;
    readFolder(data as FileSystemDirectoryHandle).then(
      (read) => port?.postMessage(read),
      (error: unknown) => port?.postMessage({ error: String(error) }),
    );
  });
}

/** Runs in the page: has a worker read the folder that the picker gives. */
export async function readInWorker(script: string): Promise<FolderRead> {
  const folder = await window.showDirectoryPicker?.({ mode: "read", id: "ceiling" });
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<FolderRead | { error: string }>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  new Worker(script).postMessage(folder, [port2]);
  const answer = await answered;
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}
