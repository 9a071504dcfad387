import type { CompressionMode } from "../../core/codec/codec.ts";
import type { BackupRequest, ParentInfo, RepositoryApi, RepositoryInfo } from "../../workers/repository-api.ts";
import { isAborted } from "../failure.ts";
import type { PickedFolder } from "../ports.ts";
import { backupText } from "../text/backup.ts";

/** A folder that was picked, and the name that it gets in the snapshot's root. */
export class BackupSource {
  rootName = $state("");

  constructor(
    readonly id: number,
    readonly picked: PickedFolder,
    rootName: string,
  ) {
    this.rootName = rootName;
  }
}

/** What the next backup will hold. It outlives the page, so that a look elsewhere loses nothing. */
export class BackupForm {
  sources = $state.raw<readonly BackupSource[]>([]);
  hostname = $state("");
  tagText = $state("");
  compression = $state<CompressionMode>("auto");
  /** The user agreed to continue a series that another program made. */
  foreignAgreed = $state(false);
  parent = $state.raw<ParentInfo | null>(null);
  /** True once the user tried to start: until then nothing is called wrong. */
  tried = $state(false);

  readonly hostProblem = $derived(this.hostname.trim() === "" ? backupText.hostMissing : null);
  readonly tags = $derived(tagsOf(this.tagText));
  readonly rootNames = $derived(this.sources.map((source) => source.rootName.trim()));
  readonly rootProblems = $derived(this.rootNames.map((name, at) => rootProblem(name, this.rootNames, at)));
  /** The program that made the parent, if it is none of ours: it saw more than a browser does. */
  readonly foreignProgram = $derived(foreignProgramOf(this.parent));
  readonly ready = $derived(
    this.sources.length > 0 &&
      this.hostProblem === null &&
      this.rootProblems.every((problem) => problem === null) &&
      (this.foreignProgram === null || this.foreignAgreed),
  );
  #nextId = 1;
  #asking: AbortController | null = null;

  constructor(
    private readonly api: RepositoryApi,
    private readonly repository: RepositoryInfo,
  ) {}

  /** Names this computer, unless it has a name: as the last browser here did, else by a fresh word. */
  proposeHostname(known: readonly string[]): void {
    if (this.hostname !== "") return;
    this.hostname = known.find((name) => name.endsWith(hostSuffix)) ?? freshHostname(known);
  }

  add(picked: readonly PickedFolder[]): void {
    for (const folder of picked) {
      const rootName = freeName(rootNameFor(folder.name), this.rootNames);
      this.sources = [...this.sources, new BackupSource(this.#nextId++, folder, rootName)];
    }
  }

  remove(source: BackupSource): void {
    this.sources = this.sources.filter((other) => other !== source);
  }

  /** Looks up which series this backup continues; what cannot be told is not told. */
  async inspectParent(): Promise<void> {
    this.#asking?.abort();
    this.parent = null;
    this.foreignAgreed = false;
    if (this.sources.length === 0 || this.hostProblem !== null || this.rootProblems.some((problem) => problem !== null))
      return;
    const asking = new AbortController();
    this.#asking = asking;
    const about = { hostname: this.hostname.trim(), rootNames: [...this.rootNames] };
    try {
      const parent = await this.api.inspectParent(about, { signal: asking.signal });
      if (this.#asking === asking) this.parent = parent;
    } catch (error) {
      // A backup finds its parent itself and says what is wrong with it; here this is a courtesy.
      if (!isAborted(error)) this.parent = null;
    }
  }

  request(): BackupRequest {
    return {
      sources: this.sources.map((source, at) => ({
        rootName: this.rootNames[at] ?? "",
        folder: source.picked.folder,
        addsToParent: source.picked.kind === "files",
      })),
      hostname: this.hostname.trim(),
      tags: this.tags,
      compression: this.repository.formatVersion === 1 ? "auto" : this.compression,
      utcOffsetMinutes: -new Date().getTimezoneOffset(),
      rules: { exclude: [], iexclude: [], excludeCaches: false, excludeIfPresent: [], excludeLargerThanBytes: null },
      packSizeBytes: null,
      uploadLimit: null,
      skipIfUnchanged: false,
      dryRun: false,
      rereadEvery: 30,
      setId: null,
      waitsForLock: false,
    };
  }

  /** Forgets folders that were backed up; the names stay for the next ones. */
  forget(done: readonly BackupSource[]): void {
    this.sources = this.sources.filter((source) => !done.includes(source));
    this.parent = null;
    this.tried = false;
    this.foreignAgreed = false;
  }
}

/** "Documents, Photos and 2 more". */
export function subjectOf(rootNames: readonly string[]): string {
  const [first = "", second] = rootNames;
  if (second === undefined) return first;
  if (rootNames.length === 2) return `${first} and ${second}`;
  return `${first}, ${second} and ${rootNames.length - 2} more`;
}

const hostSuffix = "-browser";
const hostWords = [
  "amber",
  "birch",
  "cedar",
  "delta",
  "ember",
  "fjord",
  "grove",
  "harbour",
  "indigo",
  "juniper",
  "lagoon",
  "maple",
  "north",
  "opal",
  "pine",
  "quartz",
  "river",
  "summit",
  "tundra",
  "willow",
];

function freshHostname(known: readonly string[]): string {
  const free = hostWords.filter((word) => !known.includes(word + hostSuffix));
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const word = free[random % Math.max(1, free.length)] ?? `computer-${random.toString(36)}`;
  return word + hostSuffix;
}

function rootNameFor(folderName: string): string {
  const plain = folderName.replaceAll("/", "-").trim();
  return plain === "" || plain === "." || plain === ".." ? "Folder" : plain;
}

function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

function rootProblem(name: string, all: readonly string[], at: number): string | null {
  if (name === "") return backupText.nameMissing;
  if (name === "." || name === ".." || /[/\0]/.test(name)) return backupText.nameUnusable;
  return all.indexOf(name) === at ? null : backupText.nameTwice;
}

function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ""))];
}

function foreignProgramOf(info: ParentInfo | null): string | null {
  if (info === null || info.parent === null) return null;
  const program = info.parent.programVersion;
  if (program.startsWith("holdall")) return null;
  return program === "" ? "restic" : program;
}
