/**
 * What the pages of the ceiling run: the browser's own ways to save bytes, with nothing before them. These functions are sent
 * as text, so each sees nothing of what is around it here.
 */

/** A file that is to be written: its path below the folder and its length. */
export interface CeilingFile {
  path: readonly string[];
  length: number;
}

export interface FilesToWrite {
  folder: FileSystemDirectoryHandle;
  files: readonly CeilingFile[];
  block: Uint8Array<ArrayBuffer>;
  /** How far on in the block the next file begins. */
  stride: number;
  pieceLength: number;
  filesAtOnce: number;
}

interface FetchAsked extends Event {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

/** Runs in a service worker: answers for a download of `?length=` bytes, made of a block again and again. */
export function serveDownload(blockPath: string, pieceLength: number): void {
  let loaded: Promise<Uint8Array> | null = null;
  const load = () => {
    loaded ??= fetch(blockPath).then(async (response) => new Uint8Array(await response.arrayBuffer()));
    return loaded;
  };

  const answer = async (length: number) => {
    const block = await load();
    let sent = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const begin = sent % block.length;
      const end = Math.min(begin + pieceLength, block.length, begin + length - sent);
      controller.enqueue(block.subarray(begin, end));
      sent += end - begin;
      if (sent === length) controller.close();
    };
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Length": String(length),
      "Content-Disposition": 'attachment; filename="ceiling.bin"',
    };
    return new Response(new ReadableStream({ pull }), { headers });
  };

  self.addEventListener("message", ({ ports }) => void load().then(() => ports[0]?.postMessage(null)));
  self.addEventListener("fetch", (event) => {
    const asked = event as FetchAsked;
    asked.respondWith(answer(Number(new URL(asked.request.url).searchParams.get("length"))));
  });
}

/** Runs in the page: resolves when the service worker runs and has its block. */
export async function startServiceWorker(script: string, scope: string): Promise<void> {
  const registration = await navigator.serviceWorker.register(script, { scope });
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (worker === null) throw new Error("there is no service worker");
  while (worker.state !== "activated") {
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise((resolve) => (port1.onmessage = resolve));
  worker.postMessage(null, [port2]);
  await answered;
}

/** Runs in the page. */
export function openFrame(address: string): void {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = address;
  document.body.append(frame);
}

/** Runs in a worker: writes files of a block into a folder, several at a time, and answers with the seconds that it took. */
export function serveWriting(): void {
  const write = async ({ folder, files, block, stride, pieceLength, filesAtOnce }: FilesToWrite) => {
    const folders = new Map<string, Promise<FileSystemDirectoryHandle>>();
    const folderAt = (path: readonly string[]): Promise<FileSystemDirectoryHandle> => {
      const name = path.at(-1);
      if (name === undefined) return Promise.resolve(folder);
      const key = path.join("/");
      const make = async () => (await folderAt(path.slice(0, -1))).getDirectoryHandle(name, { create: true });
      const handle = folders.get(key) ?? make();
      folders.set(key, handle);
      return handle;
    };

    const writeFile = async ({ path, length }: CeilingFile, number: number) => {
      const parent = await folderAt(path.slice(0, -1));
      const handle = await parent.getFileHandle(path.at(-1) ?? "", { create: true });
      const stream = await handle.createWritable();
      for (let written = 0; written < length; ) {
        const begin = (number * stride + written) % block.length;
        const end = Math.min(begin + pieceLength, block.length, begin + length - written);
        await stream.write(block.subarray(begin, end));
        written += end - begin;
      }
      await stream.close();
    };

    let next = 0;
    const writeInTurn = async () => {
      for (let number = next++; number < files.length; number = next++) {
        const file = files[number];
        if (file !== undefined) await writeFile(file, number);
      }
    };
    const startMs = performance.now();
    await Promise.all(Array.from({ length: filesAtOnce }, writeInTurn));
    return (performance.now() - startMs) / 1000;
  };

  self.addEventListener("message", ({ data, ports }) => {
    const [port] = ports;
    write(data as FilesToWrite).then(
      (seconds) => port?.postMessage({ seconds }),
      (error: unknown) => port?.postMessage({ error: String(error) }),
    );
  });
}

type WritingSettings = Omit<FilesToWrite, "folder" | "block">;

/** Runs in the page: has a worker write files into the folder that the picker gives. */
export async function writeInWorker(script: string, blockPath: string, settings: WritingSettings): Promise<number> {
  const folder = await window.showDirectoryPicker?.({ mode: "readwrite", id: "ceiling" });
  const block = new Uint8Array(await (await fetch(blockPath)).arrayBuffer());
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<{ seconds: number } | { error: string }>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  new Worker(script).postMessage({ ...settings, folder, block }, [port2]);
  const answer = await answered;
  if ("error" in answer) throw new Error(answer.error);
  return answer.seconds;
}
