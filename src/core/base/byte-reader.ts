/**
 * A reader that fills memory which it is given, and moves it into another object by that. Null in engines whose stream of this
 * kind gives pieces in memory of its own only.
 */
export function byteReaderOf(stream: ReadableStream): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}
