/**
 * Restic's filter in the plainest words there are, to hold ours against: every `**` is written out as every number of `*`
 * that restic tries, every `*` is tried at every length. Takes exponential time. Paths and patterns are raw, one character a
 * byte; a path is "/a/b".
 */
export function referenceMatches(pattern: string, path: string): boolean {
  const strs = split(path);
  return written(split(clean(pattern.replace(/^!/, ""))), strs).some((parts) => fits(parts, strs));
}

/** Whether a walk that begins below "/<root>" comes to the path: nothing above it and not itself is excluded. */
export function referenceExcludes(patterns: readonly string[], path: string): boolean {
  const strs = split(path);
  for (let length = 3; length <= strs.length; length++) {
    if (listMatches(patterns, strs.slice(0, length).join("/").slice(1))) return true;
  }
  return false;
}

function listMatches(patterns: readonly string[], path: string): boolean {
  return patterns
    .filter((pattern) => pattern !== "")
    .reduce((matched, pattern) => {
      const isMatch = referenceMatches(pattern, path);
      return pattern.startsWith("!") ? matched && !isMatch : matched || isMatch;
    }, false);
}

function split(path: string): string[] {
  const parts = path.split("/");
  return parts[0] === "" ? ["/", ...parts.slice(1)] : parts;
}

/** Lexically, by rewriting until nothing changes. */
function clean(path: string): string {
  const isAbsolute = path.startsWith("/");
  let names = path.split("/").filter((name) => name !== "" && name !== ".");
  for (;;) {
    if (isAbsolute && names[0] === "..") names = names.slice(1);
    const at = names.findIndex((name, i) => i > 0 && name === ".." && names[i - 1] !== "..");
    if (at < 0 && !(isAbsolute && names[0] === "..")) break;
    if (at >= 0) names = names.filter((_, i) => i !== at && i !== at - 1);
  }
  return (isAbsolute ? "/" : "") + names.join("/") || ".";
}

/** All ways to write the pattern without `**` that are no longer than the path, the first `**` being written out first. */
function written(parts: readonly string[], strs: readonly string[]): string[][] {
  const at = parts.findIndex((part) => part === "**" || part === "");
  if (at < 0) return [[...parts]];
  const ways: string[][] = [];
  for (let stars = 0; parts.length - 1 + stars <= strs.length; stars++) {
    const way = [...parts.slice(0, at), ...Array<string>(stars).fill("*"), ...parts.slice(at + 1)];
    ways.push(...written(way, strs));
  }
  return ways;
}

function fits(parts: readonly string[], strs: readonly string[]): boolean {
  if (parts.length === 0) return false;
  const isAbsolute = parts[0] === "/";
  const starts = isAbsolute ? [0] : strs.map((_, i) => i).slice(1);
  return starts.some((start) =>
    parts.every((part, i) => {
      const name = strs[start + i];
      return name !== undefined && (part === "/" ? name === "/" : name !== "/" && nameFits(part, name));
    }),
  );
}

/** One name. Only for patterns and names of ASCII, where what Go leaves out of the trying makes no difference. */
function nameFits(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  const rest = pattern.slice(1);
  const [first, ...others] = [...name];
  const below = others.join("");
  if (pattern[0] === "*") return nameFits(rest, name) || (first !== undefined && nameFits(pattern, below));
  if (first === undefined) return false;
  if (pattern[0] === "?") return nameFits(rest, below);
  if (pattern[0] === "\\") return rest[0] === first && nameFits(rest.slice(1), below);
  if (pattern[0] !== "[") return pattern[0] === first && nameFits(rest, below);
  const brackets = /^\[(\^?)((?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+)\]/s.exec(pattern);
  if (brackets === null) throw new Error(`malformed: ${pattern}`);
  const [whole, negation, inside = ""] = brackets;
  const ranges = inside.matchAll(/(?:\\(.)|([^\\]))(?:-(?:\\(.)|([^\\])))?/gs);
  const isIn = [...ranges].some(([, a, b, c, d]) => {
    const low = a ?? b ?? "";
    return low <= first && first <= (c ?? d ?? low);
  });
  return isIn === (negation === "") && nameFits(pattern.slice(whole.length), below);
}
