import { HoldallError } from "../base/errors.ts";
import { rawNameOf } from "../base/raw-name.ts";
import { lowerCaseText } from "./lower-case.ts";
import { type NamePattern, parseNamePattern } from "./name-pattern.ts";

/** A path from the root downwards, "/" itself left out: raw names, one character a byte. */
export type PatternPath = readonly string[];

/** What a pattern says of the entries of one folder: true: it matches all, false: none, else it depends on their names. */
export type EntryMatcher = boolean | ((name: string) => boolean);

/**
 * One pattern as restic reads it. What is below a path that it matches, it matches, too. `inFolder` does the work that is the
 * same for all entries of a folder once; the path it is given may not change afterwards.
 */
export interface Pattern {
  /** It begins with "!": it brings back what patterns before it have left out. */
  isNegated: boolean;
  matches(path: PatternPath): boolean;
  inFolder(folder: PatternPath): EntryMatcher;
}

/**
 * Throws "pattern-malformed" with the pattern. An empty one is no pattern: the caller leaves it out. One that ignores case is
 * to be asked in lower case.
 */
export function parsePattern(text: string, { ignoresCase = false } = {}): Pattern {
  const isNegated = text.startsWith("!");
  const path = isNegated ? text.slice(1) : text;
  const components = componentsOf(rawNameOf(ignoresCase ? lowerCaseText(path) : path));
  const isAbsolute = components[0] === "/";
  const segments: NamePattern[][] = [[]];
  for (const component of isAbsolute ? components.slice(1) : components) {
    if (component === "**" || component === "") {
      segments.push([]);
      continue;
    }
    const name = parseNamePattern(component);
    if (name === null) throw new HoldallError("pattern-malformed", { pattern: text, reason: "syntax" });
    segments.at(-1)?.push(name);
  }
  const [only] = segments;
  if (segments.length === 1 && only !== undefined) return fixedPattern(only, isAbsolute, isNegated);
  return deepPattern(segments, isAbsolute, isNegated);
}

/** As restic splits a cleaned path: "/" comes first if it is absolute, and nothing but "/" has an empty name below it. */
function componentsOf(text: string): string[] {
  const names: string[] = [];
  const isAbsolute = text.startsWith("/");
  for (const name of text.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (!isAbsolute) names.push(name);
  }
  if (isAbsolute) return names.length === 0 ? ["/", ""] : ["/", ...names];
  return names.length === 0 ? ["."] : names;
}

/** A pattern without `**`: a run of names, at the beginning of the path or anywhere in it. */
function fixedPattern(names: readonly NamePattern[], isAbsolute: boolean, isNegated: boolean): Pattern {
  const { length } = names;
  const last = names[length - 1];
  const above = names.slice(0, -1);
  const matches = (path: PatternPath) => {
    const lastStart = isAbsolute ? 0 : path.length - length;
    for (let start = 0; start <= lastStart; start++) if (fitsAt(names, path, start)) return true;
    return false;
  };
  const inFolder = (folder: PatternPath): EntryMatcher => {
    if (matches(folder)) return true;
    // What is not matched already can only be matched by a run that ends with the entry's own name.
    const start = folder.length - above.length;
    if (last === undefined || start < 0 || (isAbsolute && start > 0) || !fitsAt(above, folder, start)) return false;
    return (name) => last.matches(name);
  };
  return { isNegated, matches, inFolder };
}

/** A pattern with `**`, which stands between the segments. */
function deepPattern(segments: readonly (readonly NamePattern[])[], isAbsolute: boolean, isNegated: boolean): Pattern {
  const search = new DeepSearch(segments, isAbsolute);
  const inFolder = (folder: PatternPath): EntryMatcher => {
    if (search.matches(folder)) return true;
    const path = [...folder, ""];
    return (name) => {
      path[folder.length] = name;
      return search.matches(path);
    };
  };
  return { isNegated, matches: (path) => search.matches(path), inFolder };
}

/**
 * The search for segments one after the other in a path. Restic tries every number of names for each `**`, from the left, and
 * only as many as leave one name for every component of the pattern that follows, a further `**` being one (a relative
 * pattern has as many more as there are names before it, "/" among them). So of two `**` the last never stands for nothing
 * at the end of an absolute path: `/` `**` `/a/` `**` does not match `/x/a`, but what is in it. As the bound only ever
 * forbids too late places, each segment is best taken at the first place where it fits, and nothing is tried twice.
 */
class DeepSearch {
  /** By segment: how many components of the pattern come after the `**` before it. */
  private readonly componentsAfter: readonly number[];

  constructor(
    private readonly segments: readonly (readonly NamePattern[])[],
    private readonly isAbsolute: boolean,
  ) {
    this.componentsAfter = segments.map((_, i) =>
      segments.slice(i).reduce((sum, segment, j) => sum + segment.length + (j > 0 ? 1 : 0), 0),
    );
  }

  matches(path: PatternPath): boolean {
    const { segments, isAbsolute } = this;
    // Only stars: the last one must stand for a name, the others for nothing.
    if (!isAbsolute && segments.every((segment) => segment.length === 0)) {
      return path.length > 0 && segments.length - 1 <= path.length + 2;
    }
    const first = segments[0] ?? [];
    const lastStart = isAbsolute ? 0 : path.length - first.length;
    for (let start = 0; start <= lastStart; start++) {
      if (!fitsAt(first, path, start)) continue;
      const found = this.findRest(path, start);
      if (found !== "too late") return found === "found";
    }
    return false;
  }

  /** "none": a later start does not help either. */
  private findRest(path: PatternPath, start: number): "found" | "too late" | "none" {
    const { segments, componentsAfter, isAbsolute } = this;
    const spare = isAbsolute ? 0 : start + 1;
    let at = start + (segments[0]?.length ?? 0);
    for (let i = 1; i < segments.length; i++) {
      const segment = segments[i] ?? [];
      while (!fitsAt(segment, path, at)) {
        at++;
        if (at + segment.length > path.length) return "none";
      }
      if (at > path.length - (componentsAfter[i] ?? 0) + spare) return "too late";
      at += segment.length;
    }
    return "found";
  }
}

function fitsAt(names: readonly NamePattern[], path: PatternPath, start: number): boolean {
  for (let i = 0; i < names.length; i++) {
    const name = path[start + i];
    if (name === undefined || names[i]?.matches(name) !== true) return false;
  }
  return true;
}
