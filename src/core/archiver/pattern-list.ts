import type { RawName } from "../base/raw-name.ts";
import { lowerCaseName } from "./lower-case.ts";
import { type EntryMatcher, type Pattern, parsePattern } from "./pattern.ts";

/**
 * Patterns in their order, as restic evaluates them: a path is matched if a pattern matches it and no negated one after that
 * does. Whoever walks through folders asks for nothing below what is matched, so that nothing in there can be brought back.
 */
export class PatternList {
  private constructor(
    private readonly patterns: readonly Pattern[],
    private readonly ignoresCase: boolean,
  ) {}

  /** Empty patterns are left out. Throws "pattern-malformed" with the first that is. */
  static parse(texts: readonly string[], { ignoresCase = false } = {}): PatternList {
    const patterns = texts.filter((text) => text !== "").map((text) => parsePattern(text, { ignoresCase }));
    return new PatternList(patterns, ignoresCase);
  }

  /** The same for one path from the root downwards, without regard to the folders above it. */
  matches(path: readonly RawName[]): boolean {
    const known = this.ignoresCase ? path.map(lowerCaseName) : path;
    let isMatched = false;
    for (const pattern of this.patterns) {
      if (isMatched === pattern.isNegated && pattern.matches(known)) isMatched = !isMatched;
    }
    return isMatched;
  }

  /** What the list says of the entries of a folder. */
  inFolder(folder: readonly RawName[]): EntryMatcher {
    const path = this.ignoresCase ? folder.map(lowerCaseName) : [...folder];
    const steps: Step[] = [];
    for (const pattern of this.patterns) {
      const matcher = pattern.inFolder(path);
      // What comes before a pattern that matches every entry has no say any more.
      if (matcher === true) steps.length = 0;
      if (matcher !== false) steps.push({ isNegated: pattern.isNegated, matcher });
    }
    const first = steps[0];
    if (first === undefined || (first.isNegated && steps.length === 1)) return false;
    if (steps.length === 1 && first.matcher === true) return true;
    return this.ignoresCase
      ? (name) => matchesSteps(steps, lowerCaseName(name as RawName))
      : (name) => matchesSteps(steps, name);
  }
}

interface Step {
  isNegated: boolean;
  matcher: Exclude<EntryMatcher, false>;
}

function matchesSteps(steps: readonly Step[], name: string): boolean {
  let isMatched = false;
  for (const { isNegated, matcher } of steps) {
    if (isMatched === isNegated && (matcher === true || matcher(name))) isMatched = !isMatched;
  }
  return isMatched;
}
