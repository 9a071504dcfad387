import type { FolderEntry, NodePath, RepositoryApi } from "../../workers/repository-api.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";
import { type FileFamily, familyOf, type ImageMediaType, kindOf, mayBeShown } from "../preview/file-kind.ts";
import type { TextEncoding } from "../preview/text-bytes.ts";

export type Shown =
  | { state: "none" }
  | { state: "loading" }
  | { state: "text"; text: string; encoding: TextEncoding; shownBytes: number; totalBytes: number }
  | { state: "image"; image: Blob }
  | { state: "other"; family: FileFamily | "large-image" | "empty" }
  | { state: "failed"; failure: Failure };

export const textLimitBytes = 256 * 1024;
export const imageLimitBytes = 20_000_000;

// The cursor runs over many rows before it rests on one.
const restMs = 160;

/** What the file under the cursor looks like. Nothing of it is ever run: text is text, pictures are pictures. */
export class FilePreview {
  shown = $state.raw<Shown>({ state: "none" });
  #place = "";
  #asking: AbortController | null = null;
  #again: () => void = () => {};

  constructor(private readonly api: Pick<RepositoryApi, "preview">) {}

  /** Shows this file when the cursor has rested on it; null shows nothing. */
  show(snapshot: string, path: NodePath, entry: FolderEntry | null): void {
    const place = entry === null ? "" : `${snapshot}/${path.join(".")}`;
    if (place === this.#place) return;
    this.#place = place;
    this.#start(snapshot, path, entry);
  }

  retry(): void {
    this.#again();
  }

  #start(snapshot: string, path: NodePath, entry: FolderEntry | null): void {
    this.#asking?.abort();
    this.#again = () => this.#start(snapshot, path, entry);
    const settled = settledWithoutBytes(entry);
    this.shown = settled ?? { state: "loading" };
    if (settled !== null || entry === null) return;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#load({ snapshot, path, name: entry.name, asking });
  }

  async #load(wanted: { snapshot: string; path: NodePath; name: string; asking: AbortController }): Promise<void> {
    const { signal } = wanted.asking;
    let shown: Shown;
    try {
      await rest(signal);
      shown = await this.#look(wanted.name, (maxBytes) =>
        this.api.preview({ snapshot: wanted.snapshot, path: wanted.path, maxBytes }, { signal }),
      );
    } catch (error) {
      if (isAborted(error) || signal.aborted) return;
      shown = { state: "failed", failure: failureOf(error) };
    }
    if (!signal.aborted) this.shown = shown;
  }

  async #look(name: string, load: (maxBytes: number) => ReturnType<RepositoryApi["preview"]>): Promise<Shown> {
    const { bytes, totalBytes } = await load(textLimitBytes);
    const found = kindOf(name, bytes);
    if (found.kind === "other") return { state: "other", family: found.family };
    if (found.kind === "text") {
      return { state: "text", ...found.decoded, shownBytes: Math.min(bytes.length, totalBytes), totalBytes };
    }
    if (totalBytes > imageLimitBytes) return { state: "other", family: "large-image" };
    const whole = bytes.length >= totalBytes ? bytes : (await load(totalBytes)).bytes;
    return { state: "image", image: imageOf(whole, found.mediaType) };
  }
}

function settledWithoutBytes(entry: FolderEntry | null): Shown | null {
  if (entry === null || entry.type !== "file") return { state: "none" };
  if (entry.sizeBytes === 0) return { state: "other", family: "empty" };
  if (mayBeShown(entry.name)) return null;
  const family = familyOf(entry.name);
  return { state: "other", family: family === null || family === "text" ? "binary" : family };
}

function imageOf(bytes: Uint8Array<ArrayBuffer>, mediaType: ImageMediaType): Blob {
  return new Blob([bytes], { type: mediaType });
}

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, restMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
