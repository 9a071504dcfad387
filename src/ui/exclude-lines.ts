/** What people type to leave things out: restic's patterns, one a line, as in an exclude file. */

/** The patterns of a text: trimmed, without empty lines and comments. */
export function patternsOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

/** The text with these lines at its end; those that are there already stay where they are. */
export function withLines(text: string, added: readonly string[]): string {
  const present = new Set(patternsOf(text));
  const missing = added.filter((line) => !present.has(line));
  if (missing.length === 0) return text;
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${before}${missing.join("\n")}\n`;
}

/** The text without any line of this pattern. */
export function withoutLine(text: string, pattern: string): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== pattern)
    .join("\n");
}

/** The pattern that means this one folder or file of a backup and nothing else. */
export function patternOfPath(path: readonly string[]): string {
  return `/${path.map(literal).join("/")}`;
}

export type PatternProblem = "bracket" | "class" | "backslash" | "nothing";

/** Why a pattern means nothing; null if it is one. A run refuses them, too: here it is said while there is a field to mend. */
export function patternProblem(pattern: string): PatternProblem | null {
  const positive = pattern.startsWith("!") ? pattern.slice(1) : pattern;
  if (positive === "") return "nothing";
  for (const part of cleaned(positive)) {
    const problem = partProblem([...part]);
    if (problem !== null) return problem;
  }
  return null;
}

/** The parts of a path that are left when it is cleaned, as restic does before it reads a pattern. */
function cleaned(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** No character of it means anything but itself. A space at the end of a line would be trimmed, a line break would end it. */
function literal(name: string): string {
  return name
    .replace(/[\\*?[]/g, "\\$&")
    .replace(/[\r\n]/g, "?")
    .replace(/\s$/, (space) => `[${space}]`);
}

function partProblem(characters: readonly string[]): PatternProblem | null {
  for (let at = 0; at < characters.length; at += 1) {
    if (characters[at] === "\\") {
      at += 1;
      if (at >= characters.length) return "backslash";
    } else if (characters[at] === "[") {
      const end = endOfClass(characters, at + 1);
      if (typeof end === "string") return end;
      at = end;
    }
  }
  return null;
}

/** Where the "]" of a class stands that begins at `start`: it holds at least one character or range. */
function endOfClass(characters: readonly string[], start: number): number | PatternProblem {
  let at = characters[start] === "^" ? start + 1 : start;
  for (let ranges = 0; ; ranges += 1) {
    if (characters[at] === "]" && ranges > 0) return at;
    const low = endOfMember(characters, at);
    if (typeof low === "string") return low;
    at = low;
    if (characters[at] !== "-") continue;
    const high = endOfMember(characters, at + 1);
    if (typeof high === "string") return high;
    at = high;
  }
}

function endOfMember(characters: readonly string[], start: number): number | PatternProblem {
  const character = characters[start];
  if (character === undefined) return "bracket";
  if (character === "-" || character === "]") return "class";
  const end = character === "\\" ? start + 2 : start + 1;
  return end < characters.length ? end : "bracket";
}
