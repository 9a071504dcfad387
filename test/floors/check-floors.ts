import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { findCycles } from "./cycles.ts";
import type { Floor, FloorName } from "./floors.ts";
import { type Import, type ImportKind, importsOf } from "./imports.ts";

export interface Violation {
  file: string;
  line: number;
  rule: string;
}

/** A file of the project, as named in messages: with "/" and relative to the project. */
interface SourceFile {
  path: string;
  floor: Floor;
  imports: Import[];
}

const verbs: Record<ImportKind, string> = {
  static: "imports",
  "re-export": "exports from",
  dynamic: "loads",
  url: "has the address of",
  type: "imports types of",
};

/** Checks every source file under `src/` of a project against the table of floors. */
export function checkFloors(project: string, floors: readonly Floor[]): Violation[] {
  const violations: Violation[] = [];
  const files: SourceFile[] = [];
  for (const path of sourcePaths(project)) {
    const floor = floorOf(path, floors);
    if (floor === undefined) {
      violations.push({ file: path, line: 1, rule: "no floor owns this file; give it one in test/floors/floors.ts" });
      continue;
    }
    files.push({ path, floor, imports: importsOf(path, readFileSync(join(project, path), "utf8")) });
  }
  for (const file of files) {
    for (const found of file.imports) {
      const rule = brokenRule(project, floors, file, found);
      if (rule !== null) violations.push({ file: file.path, line: found.line, rule });
    }
  }
  return [...violations, ...cycles(files)];
}

/** "file:line: rule", which terminals and editors make a link of. */
export function formatViolation({ file, line, rule }: Violation): string {
  return `${file}:${line}: ${rule}`;
}

function sourcePaths(project: string): string[] {
  return readdirSync(join(project, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|js|mjs|svelte)$/.test(entry.name))
    .map((entry) => relative(project, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

function floorOf(path: string, floors: readonly Floor[]): Floor | undefined {
  return floors.find((floor) => floor.paths.some((own) => (own.endsWith("/") ? path.startsWith(own) : path === own)));
}

function brokenRule(project: string, floors: readonly Floor[], file: SourceFile, found: Import): string | null {
  const { specifier } = found;
  if (specifier === null || specifier.includes("*")) return "an import must name its file in plain text in the script";
  if (!isRelative(specifier)) return brokenPackageRule(file.floor, specifier);

  const target = targetOf(file.path, specifier);
  // The address of a folder loads nothing.
  if (found.kind === "url" && target.endsWith("/")) return null;
  const floor = floorOf(target, floors);
  if (floor === undefined) return `${verbs[found.kind]} ${target}, which is on no floor`;
  if (!floor.isBuilt && !existsSync(join(project, target))) return `${target} does not exist`;
  if (mayUse(file.floor, floor.name, found.kind)) return null;
  return `${verbs[found.kind]} ${target}: ${file.floor.name} must not use ${floor.name}; ${permission(file.floor)}`;
}

/** node:fs and svelte/store belong to "node:" and "svelte". */
function brokenPackageRule(floor: Floor, specifier: string): string | null {
  const name = specifier.startsWith("node:") ? "node:" : packageName(specifier);
  if (floor.packages.includes(name)) return null;
  const allowed = floor.packages.length === 0 ? "no package" : floor.packages.join(", ");
  return `${floor.name} must not use the package ${specifier}; it may use ${allowed}`;
}

function packageName(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}

/** Vite's suffixes (?url, ?worker) are no part of the name. */
function targetOf(from: string, specifier: string): string {
  return posix.join(dirname(from), specifier.replace(/[?#].*$/, ""));
}

function mayUse(floor: Floor, target: FloorName, kind: ImportKind): boolean {
  if (target === floor.name || floor.imports.includes(target)) return true;
  return kind === "type" && floor.importsTypes.includes(target);
}

function permission(floor: Floor): string {
  const values = floor.imports.join(", ") || "nothing";
  const types = floor.importsTypes.join(", ") || "none";
  return `it may use ${values}, and types of ${types}`;
}

/** Cycles of any kind of import, types included: two files that need each other to be understood are one. */
function cycles(files: readonly SourceFile[]): Violation[] {
  const edges = new Map(files.map((file) => [file.path, edgesOf(file)]));
  return findCycles(new Map([...edges].map(([path, to]) => [path, [...to.keys()]]))).map((cycle) => {
    const [file = "", next = file] = cycle;
    return {
      file,
      line: edges.get(file)?.get(next) ?? 1,
      rule: `imports go in a circle: ${[...cycle, file].join(" > ")}`,
    };
  });
}

/** Target and line of everything that a file imports from the project. */
function edgesOf(file: SourceFile): Map<string, number> {
  const edges = new Map<string, number>();
  for (const { specifier, line } of file.imports) {
    if (specifier === null || !isRelative(specifier)) continue;
    const target = targetOf(file.path, specifier);
    if (!edges.has(target)) edges.set(target, line);
  }
  return edges;
}
