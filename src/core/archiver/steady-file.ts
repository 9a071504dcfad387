import { HoldallError } from "../base/errors.ts";
import type { SourceFile } from "../base/ports.ts";
import { type SavedFile, smallFileLimit } from "../codec/codec.ts";

/** A file as it was opened, and a way to open it as it is by now; that throws "source-unreadable". */
export interface OpenFile {
  file: SourceFile;
  open(signal: AbortSignal): Promise<SourceFile>;
}

/** A file's content, and the file that it is the content of: it may have been opened again meanwhile. */
export type SteadyFile = { content: SavedContent; file: SourceFile } | { error: unknown };

type SavedContent = Extract<SavedFile, { content: unknown }>["content"];

const mostReadings = 3;

/**
 * Sees to it that what was read of a file is one state of it. A file that cannot be read, has another length than it was
 * opened with or, if it is large, has another size or time when it has been read is opened and read again; the third
 * time it is given up: with "source-changed" if its size or time differed at any opening, else with "source-unreadable".
 */
export async function readSteadily(
  opened: OpenFile,
  firstReading: Promise<SavedFile>,
  readAgain: (file: SourceFile) => Promise<SavedFile>,
  signal: AbortSignal,
): Promise<SteadyFile> {
  let { file } = opened;
  let saved = await firstReading;
  let hasChanged = false;
  for (let readings = 1; ; readings++) {
    // One read of a small file is one moment. Opening each of them again would cost more than reading them.
    if ("content" in saved && file.size <= smallFileLimit) return { content: saved.content, file };
    const now = await openAgain(opened, signal);
    // Gone since: what was read of it was whole.
    if ("error" in now && "content" in saved) return { content: saved.content, file };
    const differs = "file" in now && (now.file.size !== file.size || now.file.modifiedMs !== file.modifiedMs);
    hasChanged ||= differs;
    if ("content" in saved && !differs) return { content: saved.content, file };
    if ("error" in now || readings === mostReadings) return { error: failureOf(saved, now, hasChanged) };
    file = now.file;
    saved = await readAgain(file);
  }
}

type OpenedAgain = { file: SourceFile } | { error: HoldallError };

async function openAgain(opened: OpenFile, signal: AbortSignal): Promise<OpenedAgain> {
  try {
    return { file: await opened.open(signal) };
  } catch (error) {
    if (isSourceUnreadable(error)) return { error };
    throw error;
  }
}

function failureOf(saved: SavedFile, now: OpenedAgain, hasChanged: boolean): unknown {
  const error = "error" in now ? now.error : "error" in saved ? saved.error : undefined;
  return hasChanged ? new HoldallError("source-changed", { readings: mostReadings }, { cause: error }) : error;
}

export function isSourceUnreadable(error: unknown): error is HoldallError {
  return error instanceof HoldallError && error.code === "source-unreadable";
}
