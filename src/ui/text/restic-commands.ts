import type { ArchiveFormat, BackupRequest, BackupRules, OverwriteMode } from "../../workers/repository-api.ts";

/**
 * What restic (0.17 or newer) would be told to do the same, as a line for a POSIX shell. Names come from a repository, so
 * every word is quoted; a password is never part of a line, restic asks for it.
 */

/** Things of one folder of a snapshot. */
export interface ChosenThings {
  snapshot: string;
  /** Names from the root to the folder. */
  folder: readonly string[];
  /** Names in that folder; none: the whole of it. */
  names: readonly string[];
}

export function snapshotCommand(location: string, snapshot: string): string {
  return restic(location, ["cat", "snapshot", shortened(snapshot)]);
}

export function snapshotsCommand(location: string): string {
  return restic(location, ["snapshots"]);
}

export function listCommand(location: string, place: { snapshot: string; folder: readonly string[] }): string {
  return restic(location, ["ls", shortened(place.snapshot), pathOf(place.folder)]);
}

/** One file to standard output. */
export function dumpCommand(location: string, file: { snapshot: string; path: readonly string[] }): string {
  const name = file.path.at(-1) ?? "file";
  return `${restic(location, ["dump", shortened(file.snapshot), pathOf(file.path)])} > ${quoted(`./${name}`)}`;
}

/** restic packs one folder or file at a time, so several things take the way over their folder. */
export function archiveCommand(location: string, things: ChosenThings, format: ArchiveFormat): string {
  const [only] = things.names;
  const path = things.names.length === 1 && only !== undefined ? [...things.folder, only] : things.folder;
  const words = ["dump", "--archive", format, shortened(things.snapshot), pathOf(path)];
  return `${restic(location, words)} > ${quoted(`./${path.at(-1) ?? shortened(things.snapshot)}.${format}`)}`;
}

export function restoreCommand(
  location: string,
  things: ChosenThings,
  how: { target: string; overwrite: OverwriteMode },
): string {
  const folder = things.folder.length === 0 ? "" : `:${pathOf(things.folder)}`;
  const includes = things.names.flatMap((name) => ["--include", `/${unmatched(name)}`]);
  const target = ["--target", `./${how.target}`, "--overwrite", overwriteWords[how.overwrite]];
  return restic(location, ["restore", `${shortened(things.snapshot)}${folder}`, ...target, ...includes]);
}

/** Reading all trees leaves them in restic's own cache. */
export function keepOfflineCommand(location: string, snapshot: string): string {
  return `${restic(location, ["ls", shortened(snapshot)])} > /dev/null`;
}

/** A tar of everything, which nobody keeps. */
export function trialCommand(location: string, snapshot: string): string {
  return `${restic(location, ["dump", "--archive", "tar", shortened(snapshot), "/"])} > /dev/null`;
}

export function checkCommand(location: string): string {
  return restic(location, ["check", "--read-data"]);
}

export function unlockCommand(location: string): string {
  return restic(location, ["unlock"]);
}

/** A backup as its request says it; its sources are folders of these names where the command is run. */
export function backupCommand(location: string, backup: ChosenBackup): string {
  const tags = backup.tags.flatMap((tag) => ["--tag", quoted(tag)]);
  const words = [
    "backup",
    "--host",
    quoted(backup.hostname),
    ...tags,
    ...choiceWords(backup),
    ...ruleWords(backup.rules),
  ];
  return [restic(location, []), ...words, ...backup.rootNames.map((name) => quoted(own(name)))].join(" ");
}

type ChosenBackup = { rootNames: readonly string[]; tags: readonly string[] } & Pick<
  BackupRequest,
  "hostname" | "compression" | "rules" | "packSizeBytes" | "uploadLimit" | "skipIfUnchanged" | "dryRun"
>;

function choiceWords(backup: ChosenBackup): string[] {
  const { compression, packSizeBytes, uploadLimit } = backup;
  return [
    ...(compression === "auto" ? [] : ["--compression", compression]),
    ...(packSizeBytes === null ? [] : ["--pack-size", wholeUnits(packSizeBytes, 1024 * 1024)]),
    ...(uploadLimit === null ? [] : ["--limit-upload", wholeUnits(uploadLimit, 1024)]),
    ...(backup.skipIfUnchanged ? ["--skip-if-unchanged"] : []),
    ...(backup.dryRun ? ["--dry-run"] : []),
  ];
}

function ruleWords(rules: BackupRules): string[] {
  const markers = rules.excludeIfPresent.map(({ name, header }) => (header === "" ? name : `${name}:${header}`));
  return [
    ...rules.exclude.flatMap((pattern) => ["--exclude", patternWord(pattern)]),
    ...rules.iexclude.flatMap((pattern) => ["--iexclude", patternWord(pattern)]),
    ...(rules.excludeCaches ? ["--exclude-caches"] : []),
    ...markers.flatMap((marker) => ["--exclude-if-present", quoted(marker)]),
    ...(rules.excludeLargerThanBytes === null ? [] : ["--exclude-larger-than", String(rules.excludeLargerThanBytes)]),
  ];
}

/** A snapshot of ours begins at the root names, restic matches the path on the disk: it begins where the command is run. */
function patternWord(pattern: string): string {
  const [, negation = "", path = ""] = /^(!?)(.*)$/s.exec(pattern) ?? [];
  if (!path.startsWith("/")) return quoted(pattern);
  return `${negation === "" ? "" : quoted(negation)}"$PWD"${quoted(path)}`;
}

/** restic takes whole units only. */
function wholeUnits(bytes: number, unit: number): string {
  return String(Math.max(1, Math.round(bytes / unit)));
}

const overwriteWords: Record<OverwriteMode, string> = { always: "always", changed: "if-changed", never: "never" };

function restic(location: string, words: readonly string[]): string {
  const repository = /^https?:/.test(location) ? `rest:${location}` : location;
  return ["restic", "-r", quoted(repository), ...words.map(quoted)].join(" ");
}

// As restic shortens them.
function shortened(snapshot: string): string {
  return snapshot.slice(0, 8);
}

function pathOf(names: readonly string[]): string {
  return `/${names.join("/")}`;
}

/** A folder of one's own may begin with a dash. */
function own(name: string): string {
  return `./${name}`;
}

/** A name in which no character means "any". */
function unmatched(name: string): string {
  return name.replace(/[\\*?[\]]/g, "\\$&");
}

/** One word of a shell. What a terminal would obey, or show in another order, is written as its number. */
export function quoted(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  if (!unshown.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  const escaped = word.replace(/[\\']/g, "\\$&").replace(new RegExp(unshown, "gu"), numbered);
  return `$'${escaped}'`;
}

// Control and format characters: escape sequences, line breaks, changes of direction, characters without width.
const unshown = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

function numbered(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\${code.toString(8).padStart(3, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}
