import { rulePresets } from "./rule-presets.ts";
import { rulePresetText } from "./text/rule-presets.ts";

/** Patterns that many people want, under one name. */
export interface ExcludePreset {
  id: string;
  name: string;
  hint: string;
  patterns: readonly string[];
}

/** The patterns of the chosen presets stand first, so that a pattern of one's own may take something in again. */
export function withPresets(
  presets: readonly ExcludePreset[],
  chosen: ReadonlySet<string>,
  own: readonly string[],
): string[] {
  const given = presets.filter(({ id }) => chosen.has(id)).flatMap(({ patterns }) => patterns);
  return [...given, ...own];
}

/** Which presets a list of patterns begins with, and what else it holds: the other way round of withPresets. */
export function readPresets(
  presets: readonly ExcludePreset[],
  patterns: readonly string[],
): { chosen: Set<string>; own: string[] } {
  const chosen = new Set<string>();
  let own = [...patterns];
  for (const preset of presets) {
    if (!preset.patterns.every((pattern, at) => own[at] === pattern)) continue;
    chosen.add(preset.id);
    own = own.slice(preset.patterns.length);
  }
  return { chosen, own };
}

export const excludePresets: readonly ExcludePreset[] = rulePresets.map((preset) => ({
  ...preset,
  ...rulePresetText[preset.id],
}));
