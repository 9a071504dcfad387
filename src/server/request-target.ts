/** What a request line asks for: the decoded path segments after the first slash, and the raw query without its `?`. */
export interface RequestTarget {
  /** `/repos/a/data/` is `["repos", "a", "data", ""]`, `/` is `[""]`. */
  readonly segments: readonly string[];
  readonly query: string;
}

/**
 * Reads an origin-form request target. Each segment is percent-decoded exactly once.
 * Anything that two readers could understand differently (absolute form, empty or dot segments, encoded dots and
 * separators, backslashes, control characters, broken escapes) is undefined: no such path is ever a file.
 */
export function parseRequestTarget(raw: string): RequestTarget | undefined {
  const [path = "", ...rest] = raw.split("?");
  if (!path.startsWith("/") || path.includes("//") || isAmbiguous(path)) return undefined;
  const segments: string[] = [];
  for (const encoded of path.slice(1).split("/")) {
    const segment = decodeSegment(encoded);
    if (segment === undefined || segment === "." || segment === "..") return undefined;
    segments.push(segment);
  }
  return { segments, query: rest.join("?") };
}

function isAmbiguous(path: string): boolean {
  return /[^\x21-\x7e]|[\\#]|%(?:2e|2f|5c|[01][0-9a-f]|7f)/i.test(path);
}

function decodeSegment(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined; // a broken escape or bytes that are no UTF-8: the caller answers 400
  }
}
