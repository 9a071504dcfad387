import { codePointOfUtf8, utf8Width } from "../base/utf8.ts";

/** One component of a pattern, matched against one name. Both are raw: one character a byte. */
export interface NamePattern {
  matches(name: string): boolean;
}

/**
 * A pattern of one name, as Go's filepath.Match reads it on Unix: `*`, `?`, `[a-z]`, `[^a]`, and `\` before what is meant as
 * it is. Null if it is malformed. Matching takes at most the product of both lengths.
 */
export function parseNamePattern(text: string): NamePattern | null {
  if (!/[\\[*?]/.test(text)) return { matches: (name) => name === text };
  const chunks: Chunk[] = [];
  for (let rest = text; rest !== ""; ) {
    const stars = rest.length - rest.replace(/^\*+/, "").length;
    const length = lengthOfChunk(rest.slice(stars));
    const elements = parseElements(rest.slice(stars, stars + length));
    if (elements === null) return null;
    chunks.push({ afterStar: stars > 0, elements, literal: literalOf(elements) });
    rest = rest.slice(stars + length);
  }
  const [only] = chunks;
  const end = chunks.length === 1 && only?.afterStar ? only.literal : null;
  if (end !== null) return { matches: (name) => name.endsWith(end) };
  return { matches: (name) => matchesChunks(chunks, name) };
}

/** What stands between two runs of stars; empty only after the last one. */
interface Chunk {
  afterStar: boolean;
  elements: readonly Element[];
  /** The text of the chunk if it has no wildcard. */
  literal: string | null;
}

/** A byte, or what one character must be. */
type Element = number | Wildcard;

interface Wildcard {
  negated: boolean;
  /** First and last code point of each range. */
  ranges: readonly (readonly [number, number])[];
}

const anyCharacter: Wildcard = { negated: true, ranges: [] };

/**
 * Each chunk takes the first place where it fits, and is never moved again: so does Go, and it shows in names that are not
 * UTF-8, where one place more would give another answer.
 */
function matchesChunks(chunks: readonly Chunk[], name: string): boolean {
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i];
    if (chunk === undefined) break;
    const isLast = i === chunks.length - 1;
    if (isLast && chunk.afterStar && chunk.literal !== null) {
      return name.length - chunk.literal.length >= at && name.endsWith(chunk.literal);
    }
    at = endOf(chunk, name, at, isLast);
    if (at < 0) return false;
  }
  return at === name.length;
}

/** Where the first fitting place of a chunk ends; -1 if there is none. The last one must end with the name. */
function endOf(chunk: Chunk, name: string, from: number, isLast: boolean): number {
  const lastStart = chunk.afterStar ? name.length : from;
  for (let start = from; start <= lastStart; start++) {
    const end = endAt(chunk, name, start);
    if (end >= 0 && (!isLast || end === name.length)) return end;
  }
  return -1;
}

/** Where a chunk ends that starts here; -1 if it does not fit. */
function endAt({ elements, literal }: Chunk, name: string, start: number): number {
  if (literal !== null) return name.startsWith(literal, start) ? start + literal.length : -1;
  let at = start;
  for (const element of elements) {
    if (at >= name.length) return -1;
    if (typeof element === "number") {
      if (name.charCodeAt(at) !== element) return -1;
      at++;
      continue;
    }
    const { codePoint, width } = characterAt(name, at);
    if (!fits(element, codePoint)) return -1;
    at += width;
  }
  return at;
}

function fits({ negated, ranges }: Wildcard, codePoint: number): boolean {
  for (const [first, last] of ranges) if (first <= codePoint && codePoint <= last) return !negated;
  return negated;
}

interface Character {
  codePoint: number;
  width: number;
}

const invalidByte: Character = { codePoint: 0xfffd, width: 1 };

/** A byte that is not part of UTF-8 is a character of its own, as Go reads it. */
function characterAt(name: string, at: number): Character {
  const first = name.charCodeAt(at);
  if (first < 0x80) return { codePoint: first, width: 1 };
  const bytes = Uint8Array.from({ length: 4 }, (_, i) => (at + i < name.length ? name.charCodeAt(at + i) : 0));
  const width = utf8Width(bytes, 0);
  return width === 0 ? invalidByte : { codePoint: codePointOfUtf8(bytes, 0, width), width };
}

/** Up to the next star that stands outside of brackets. They end at the first "]" here, also at one that closes nothing. */
function lengthOfChunk(text: string): number {
  let isInBrackets = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "\\") i++;
    else if (character === "[") isInBrackets = true;
    else if (character === "]") isInBrackets = false;
    else if (character === "*" && !isInBrackets) return i;
  }
  return text.length;
}

/** Null if the chunk is malformed. */
function parseElements(chunk: string): Element[] | null {
  const elements: Element[] = [];
  for (let at = 0; at < chunk.length; ) {
    const character = chunk[at];
    if (character === "[") {
      const brackets = parseBrackets(chunk, at + 1);
      if (brackets === null) return null;
      elements.push(brackets.wildcard);
      at = brackets.end;
    } else if (character === "?") {
      elements.push(anyCharacter);
      at++;
    } else {
      if (character === "\\") at++;
      if (at >= chunk.length) return null;
      elements.push(chunk.charCodeAt(at));
      at++;
    }
  }
  return elements;
}

/** What follows "[", up to its "]". Null if that is malformed; a range that runs backwards is not, it only matches nothing. */
function parseBrackets(chunk: string, from: number): { wildcard: Wildcard; end: number } | null {
  const negated = chunk[from] === "^";
  const ranges: [number, number][] = [];
  let at = negated ? from + 1 : from;
  while (ranges.length === 0 || chunk[at] !== "]") {
    const first = parseBound(chunk, at);
    if (first === null) return null;
    const last = chunk[first.end] === "-" ? parseBound(chunk, first.end + 1) : first;
    if (last === null) return null;
    ranges.push([first.codePoint, last.codePoint]);
    at = last.end;
  }
  return { wildcard: { negated, ranges }, end: at + 1 };
}

/** One character inside of brackets, something must follow it. Null if it is malformed. */
function parseBound(chunk: string, from: number): { codePoint: number; end: number } | null {
  if (chunk[from] === "-" || chunk[from] === "]") return null;
  const at = chunk[from] === "\\" ? from + 1 : from;
  if (at >= chunk.length) return null;
  const character = characterAt(chunk, at);
  const end = at + character.width;
  return character === invalidByte || end >= chunk.length ? null : { codePoint: character.codePoint, end };
}

function literalOf(elements: readonly Element[]): string | null {
  let text = "";
  for (const element of elements) {
    if (typeof element !== "number") return null;
    text += String.fromCharCode(element);
  }
  return text;
}
