import { gzipSync } from "node:zlib";

/** A built script, as the bundler describes it. */
export interface BuiltScript {
  fileName: string;
  /** Loaded by index.html itself. */
  isEntry: boolean;
  /** File names of what it imports statically. */
  imports: readonly string[];
  code: string;
}

export interface FirstScreen {
  /** Scripts that the browser must have before anything can be used, each with its length when gzipped. */
  scripts: readonly { fileName: string; gzippedBytes: number }[];
  gzippedBytes: number;
}

/** What a first visitor waits for: the entries and all that they import statically. */
export function measureFirstScreen(built: readonly BuiltScript[]): FirstScreen {
  const byName = new Map(built.map((script) => [script.fileName, script]));
  const needed = new Set(built.filter(({ isEntry }) => isEntry));
  if (needed.size === 0) throw new Error("the build has no entry");
  // A set grows while it is walked.
  for (const { fileName, imports } of needed) {
    for (const name of imports) {
      const imported = byName.get(name);
      if (imported === undefined) throw new Error(`${fileName} imports ${name}, which was not built`);
      needed.add(imported);
    }
  }
  const scripts = [...needed].map(({ fileName, code }) => ({ fileName, gzippedBytes: gzippedLength(code) }));
  return { scripts, gzippedBytes: scripts.reduce((sum, { gzippedBytes }) => sum + gzippedBytes, 0) };
}

/** One line for the build's output. Throws when the first screen costs more than it may. */
export function holdBudget(screen: FirstScreen, budgetBytes: number): string {
  const line = `first screen: ${inKilobytes(screen.gzippedBytes)} of JavaScript (gzipped), budget ${inKilobytes(budgetBytes)}`;
  if (screen.gzippedBytes <= budgetBytes) return line;
  const parts = screen.scripts.map(({ fileName, gzippedBytes }) => `  ${fileName}: ${inKilobytes(gzippedBytes)}`);
  throw new Error(`${line}: load something of it later, with import()\n${parts.join("\n")}`);
}

function gzippedLength(code: string): number {
  return gzipSync(code, { level: 9 }).length;
}

function inKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
