import { bytesOfRawName, type RawName, rawNameOf } from "../../src/core/base/raw-name.ts";
import { resultText } from "../../src/ui/text/jobs.ts";
import { differences, type TreeDescription } from "../support/source-tree.ts";
import type { RestoreReport } from "./chromium-page.ts";
import type { ReportLine } from "./chromium-report.ts";

export interface Restored {
  /** Files and folders of the snapshot. */
  contents: TreeDescription;
  /** Paths of everything else in the snapshot, as text. */
  specials: readonly string[];
  /** The folder after the restore. */
  found: TreeDescription;
  report: RestoreReport;
}

/**
 * What is wrong with a restore by the app. Every file and folder must be there with its bytes, under its own name or the
 * one that the app says; what it says must be true, and it must say all that it left out.
 */
export function judgeRestored({ contents, specials, found, report }: Restored): string[] {
  const { renamed, skipped, failures } = report;
  const places = new Map(renamed.map(({ path, says }) => [path, says.replace(writtenAs, "")]));
  const problems = failures.map(({ path, says }) => `not restored: ${path}: ${says}`);
  if (places.size !== renamed.length) problems.push("two lines speak of one name");
  const expected: TreeDescription = new Map();
  for (const [path, what] of contents) expected.set(placeOf(path, places), what);
  problems.push(...differences(expected, found), ...idleLines(contents, renamed));
  const left = skipped.map(({ path }) => path).sort();
  if (left.join("\n") !== [...specials].sort().join("\n")) problems.push(`left out: ${left}, expected: ${specials}`);
  const files = [...contents.values()].filter((what) => what !== "folder").length;
  const folders = contents.size - files;
  if (report.files !== files || report.folders !== folders) {
    problems.push(`${report.files} files and ${report.folders} folders are said, ${files} and ${folders} are right`);
  }
  return problems;
}

const writtenAs = `${resultText.writtenAs} `;

/** Where a path must be after the restore: where a line says, else under its own name in the place of its folder. */
function placeOf(path: string, places: ReadonlyMap<string, string>): string {
  const stated = places.get(shown(path));
  if (stated !== undefined) return rawNameOf(stated);
  const slash = path.lastIndexOf("/");
  return slash < 0 ? path : `${placeOf(path.slice(0, slash), places)}${path.slice(slash)}`;
}

/** Lines that speak of nothing, or of a name that has not changed. */
function idleLines(contents: TreeDescription, renamed: readonly ReportLine[]): string[] {
  const paths = new Set([...contents.keys()].map(shown));
  const idle = renamed.filter(({ path, says }) => !paths.has(path) || says === writtenAs + path);
  return idle.map(({ path, says }) => `a line without need: ${path} ${says}`);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function shown(path: string): string {
  return decoder.decode(bytesOfRawName(path as RawName));
}
