import type { BackupRules } from "../../workers/repository-api.ts";
import { amountFieldOf, bytesOf, type SizeUnit } from "../amount-field.ts";
import { patternOfPath, patternProblem, patternsOf, withLines, withoutLine } from "../exclude-lines.ts";
import { excludePresets, readPresets, withPresets } from "../exclude-presets.ts";
import { setFormText } from "../text/set-form.ts";

/** What a set leaves out, as fields that people fill. */
export class RuleFields {
  presets = $state.raw<ReadonlySet<string>>(new Set());
  /** Patterns, one a line. */
  exclude = $state("");
  /** The same without regard to case. */
  iexclude = $state("");
  excludeCaches = $state(false);
  /** `NAME` or `NAME:HEADER`, one a line. */
  present = $state("");
  larger = $state("");
  largerUnit = $state<SizeUnit>("MB");

  readonly excludeProblem = $derived(problemOf(this.exclude));
  readonly iexcludeProblem = $derived(problemOf(this.iexclude));
  readonly presentProblem = $derived(
    markersOf(this.present).some(({ name }) => name === "" || name.includes("/")) ? setFormText.markerUnusable : null,
  );
  readonly #largerBytes = $derived(bytesOf({ number: this.larger, unit: this.largerUnit }));
  readonly largerProblem = $derived(this.#largerBytes === "unreadable" ? setFormText.sizeUnreadable : null);
  readonly sound = $derived(
    this.excludeProblem === null &&
      this.iexcludeProblem === null &&
      this.presentProblem === null &&
      this.largerProblem === null,
  );
  /** What the fields say; a size that cannot be read counts as none, and keeps the fields from being sound. */
  readonly rules: BackupRules = $derived({
    exclude: withPresets(excludePresets, this.presets, patternsOf(this.exclude)),
    iexclude: patternsOf(this.iexclude),
    excludeCaches: this.excludeCaches,
    excludeIfPresent: markersOf(this.present),
    excludeLargerThanBytes: this.#largerBytes === "unreadable" ? null : this.#largerBytes,
  });
  /** How many rules there are, for a line that says so while the fields are closed. */
  readonly count = $derived(
    this.presets.size +
      patternsOf(this.exclude).length +
      this.rules.iexclude.length +
      this.rules.excludeIfPresent.length +
      (this.excludeCaches ? 1 : 0) +
      (this.larger.trim() === "" ? 0 : 1),
  );

  constructor(rules: BackupRules | null) {
    if (rules === null) return;
    const { chosen, own } = readPresets(excludePresets, rules.exclude);
    this.presets = chosen;
    this.exclude = textOf(own);
    this.iexclude = textOf(rules.iexclude);
    this.excludeCaches = rules.excludeCaches;
    this.present = textOf(
      rules.excludeIfPresent.map(({ name, header }) => (header === "" ? name : `${name}:${header}`)),
    );
    const larger = amountFieldOf(rules.excludeLargerThanBytes, this.largerUnit);
    this.larger = larger.number;
    this.largerUnit = larger.unit;
  }

  togglePreset(id: string): void {
    const presets = new Set(this.presets);
    if (!presets.delete(id)) presets.add(id);
    this.presets = presets;
  }

  /** Adds the lines of an exclude file; those that are there already are not doubled. */
  addLines(patterns: readonly string[]): void {
    this.exclude = withLines(this.exclude, patterns);
  }

  /** True if a pattern of its own leaves this path out, and nothing else does. */
  isLeftOut(path: readonly string[]): boolean {
    return patternsOf(this.exclude).includes(patternOfPath(path));
  }

  leaveOut(path: readonly string[]): void {
    this.exclude = withLines(this.exclude, [patternOfPath(path)]);
  }

  takeIn(path: readonly string[]): void {
    this.exclude = withoutLine(this.exclude, patternOfPath(path));
  }
}

function problemOf(text: string): string | null {
  for (const pattern of patternsOf(text)) {
    const problem = patternProblem(pattern);
    if (problem !== null) return setFormText.patternProblem(pattern, problem);
  }
  return null;
}

/** restic's NAME[:HEADER]; the name ends at the first colon. */
function markersOf(text: string): { name: string; header: string }[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const colon = line.indexOf(":");
      return colon < 0 ? { name: line, header: "" } : { name: line.slice(0, colon), header: line.slice(colon + 1) };
    });
}

function textOf(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
