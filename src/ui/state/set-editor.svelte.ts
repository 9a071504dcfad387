import type { CompressionMode } from "../../core/codec/codec.ts";
import type {
  BackupSet,
  BackupSetInfo,
  BackupSetSource,
  ParentInfo,
  RepositoryApi,
  RepositoryInfo,
  SnapshotInfo,
} from "../../workers/repository-api.ts";
import { amountFieldOf, bytesOf, type SizeUnit, wholeOf } from "../amount-field.ts";
import { isAborted } from "../failure.ts";
import { freshHostname, hostSuffix } from "../host-words.ts";
import type { PickedFolder } from "../ports.ts";
import { freeName, rootNameFor, rootProblem } from "../root-names.ts";
import { hasStored, pathsOf, subjectOf } from "../set-facts.ts";
import { backupText } from "../text/backup.ts";
import { setFormText } from "../text/set-form.ts";
import type { BackupSets } from "./backup-sets.svelte.ts";
import { RuleFields } from "./rule-fields.svelte.ts";
import type { SetFolders } from "./set-folders.svelte.ts";

/** A source while its set is edited. Its name is fixed once snapshots have it. */
export class EditedSource {
  rootName = $state("");
  kind = $state<BackupSetSource["kind"]>("folder");

  constructor(
    source: BackupSetSource,
    readonly isFixed: boolean,
  ) {
    this.id = source.id;
    this.rootName = source.rootName;
    this.kind = source.kind;
  }

  readonly id: string;
}

interface EditorParts {
  api: Pick<RepositoryApi, "inspectParent">;
  repository: Pick<RepositoryInfo, "formatVersion">;
  sets: BackupSets;
  folders: SetFolders;
}

/** A set that is being made or changed. It outlives the page, so that a look elsewhere loses nothing. */
export class SetEditor {
  readonly id: string;
  /** True for a set that is there already. */
  readonly isKnown: boolean;
  /** True once snapshots may have its host and root names. */
  readonly hasRun: boolean;
  /** The newest snapshot of the series that this set was made to continue. */
  readonly continues: SnapshotInfo | null;
  sources = $state.raw<readonly EditedSource[]>([]);
  /** What the user called it; as long as this is empty it is called after its sources. */
  ownName = $state("");
  hostname = $state("");
  tagText = $state("");
  compression = $state<CompressionMode>("auto");
  readonly rules: RuleFields;
  packSizeBytes = $state<number | null>(null);
  upload = $state("");
  uploadUnit = $state<SizeUnit>("MB");
  skipIfUnchanged = $state(false);
  reread = $state("30");
  reminder = $state("");
  runsOnChange = $state(false);
  /** The user agreed to continue a series that another program made. */
  foreignAgreed = $state(false);
  parent = $state.raw<ParentInfo | null>(null);
  /** True once the user tried to start or save: until then nothing is called wrong. */
  tried = $state(false);
  /** The user said that the set of the same host and names is the one that is meant. */
  twinAgreed = $state(false);

  readonly rootNames = $derived(this.sources.map((source) => source.rootName.trim()));
  readonly name = $derived(this.ownName.trim() || subjectOf(this.rootNames));
  readonly tags = $derived(tagsOf(this.tagText));
  readonly hostProblem = $derived(this.hostname.trim() === "" ? backupText.hostMissing : null);
  readonly rootProblems = $derived(this.rootNames.map((name, at) => rootProblem(name, this.rootNames, at)));
  readonly #upload = $derived(bytesOf({ number: this.upload, unit: this.uploadUnit }));
  readonly uploadProblem = $derived(this.#upload === "unreadable" ? setFormText.rateUnreadable : null);
  readonly rereadProblem = $derived(wholeOf(this.reread) === "unreadable" ? setFormText.numberUnreadable : null);
  readonly reminderProblem = $derived(wholeOf(this.reminder) === "unreadable" ? setFormText.numberUnreadable : null);
  /** The other set that has this host and these paths. */
  readonly twin = $derived(this.#twin());
  /** The program that made the parent, if it is none of ours: it saw more than a browser does. */
  readonly foreignProgram = $derived(foreignProgramOf(this.parent));
  readonly #identified = $derived(
    this.sources.length > 0 && this.hostProblem === null && this.rootProblems.every((problem) => problem === null),
  );
  readonly sound = $derived.by(
    () =>
      this.#identified &&
      this.rules.sound &&
      this.uploadProblem === null &&
      this.rereadProblem === null &&
      this.reminderProblem === null,
  );
  /** True if this can be kept as it is. */
  readonly ready = $derived.by(
    () => this.sound && this.twin === null && (this.hasRun || this.foreignProgram === null || this.foreignAgreed),
  );
  #asking: AbortController | null = null;

  constructor(
    private readonly parts: EditorParts,
    from: { info: BackupSetInfo } | { series: SnapshotInfo } | null,
  ) {
    const given = from === null ? null : "info" in from ? from.info.set : null;
    this.isKnown = given !== null;
    this.hasRun = from !== null && "info" in from && hasStored(from.info);
    this.continues = from !== null && "series" in from ? from.series : null;
    this.id = given?.id ?? freshId();
    this.rules = new RuleFields(given?.rules ?? (this.continues === null ? null : rulesOf(this.continues)));
    if (given !== null) this.#fill(given);
    else if (this.continues !== null) this.#continue(this.continues);
  }

  /** Names this computer, unless it has a name: as the last browser here did, else by a fresh word. */
  proposeHostname(known: readonly string[]): void {
    if (this.hostname !== "") return;
    this.hostname = known.find((name) => name.endsWith(hostSuffix)) ?? freshHostname(known);
  }

  /** Adds sources. Loose files join the source of loose files, if there is one. */
  add(all: readonly PickedFolder[]): void {
    for (const picked of all) {
      const loose = picked.kind === "files" ? this.sources.find(({ kind }) => kind === "files") : undefined;
      if (loose === undefined) this.#add(picked);
      else this.parts.folders.addFiles(loose.id, picked);
    }
  }

  /** Chooses what is behind a source that is there already. */
  choose(source: EditedSource, picked: PickedFolder): void {
    if (!this.hasRun) source.kind = picked.kind;
    if (source.kind === "files") this.parts.folders.addFiles(source.id, picked);
    else this.parts.folders.choose(source.id, picked);
  }

  remove(source: EditedSource): void {
    this.sources = this.sources.filter((other) => other !== source);
  }

  /** Looks up which series this set continues; what cannot be told is not told. */
  async inspectParent(): Promise<void> {
    this.#asking?.abort();
    this.parent = null;
    this.foreignAgreed = false;
    if (!this.#identified) return;
    const asking = new AbortController();
    this.#asking = asking;
    const about = { hostname: this.hostname.trim(), rootNames: [...this.rootNames] };
    try {
      const parent = await this.parts.api.inspectParent(about, { signal: asking.signal });
      if (this.#asking === asking) this.parent = parent;
    } catch (error) {
      // A backup finds its parent itself and says what is wrong with it; here this is a courtesy.
      if (!isAborted(error)) this.parent = null;
    }
  }

  /** Looks whether what was picked is known to be what the twin backs up: then nobody needs to be asked. */
  async recogniseTwin(): Promise<void> {
    const { twin } = this;
    if (twin === null || this.isKnown) return;
    const { folders } = this.parts;
    await folders.lookUp(twin);
    const same = await Promise.all(
      this.sources.map((source) => {
        const other = twin.sources.find(({ rootName }) => rootName === source.rootName.trim());
        const link = folders.linkOf(source.id);
        return other !== undefined && link.state === "ready" && folders.isSame(other.id, link.picked);
      }),
    );
    if (this.twin === twin && same.every(Boolean)) this.twinAgreed = true;
  }

  /** Gives what was picked here to the set of the same names, which is what a run then backs up. */
  handToTwin(): BackupSet | null {
    const { twin } = this;
    for (const source of twin?.sources ?? []) {
      const own = this.sources.find(({ rootName }) => rootName.trim() === source.rootName);
      const link = own === undefined ? null : this.parts.folders.linkOf(own.id);
      if (link?.state === "ready") this.parts.folders.choose(source.id, link.picked);
    }
    return twin;
  }

  /** Gives the sources names that no other set has on this host. */
  renameFromTwin(): void {
    for (let number = 2; this.twin !== null && number < 1000; number += 1) {
      const [first] = this.sources;
      if (first === undefined || first.isFixed) return;
      const plain = first.rootName.trim().replace(/ \d{1,3}$/, "");
      first.rootName = freeName(`${plain} ${number}`, this.rootNames.slice(1));
    }
    this.twinAgreed = false;
  }

  /** The set as the fields say it. */
  build(): BackupSet {
    return {
      id: this.id,
      name: this.name,
      hostname: this.hostname.trim(),
      sources: this.sources.map(({ id, kind }, at) => ({ id, kind, rootName: this.rootNames[at] ?? "" })),
      tags: this.tags,
      compression: this.parts.repository.formatVersion === 1 ? "auto" : this.compression,
      rules: $state.snapshot(this.rules.rules),
      packSizeBytes: this.packSizeBytes,
      uploadLimit: this.#upload === "unreadable" ? null : this.#upload,
      skipIfUnchanged: this.skipIfUnchanged,
      rereadEvery: numberOf(this.reread),
      reminderDays: numberOf(this.reminder),
      runsOnChange: this.runsOnChange,
    };
  }

  #fill(set: BackupSet): void {
    this.sources = set.sources.map((source) => new EditedSource(source, this.hasRun));
    this.ownName = set.name === subjectOf(this.rootNames) ? "" : set.name;
    this.hostname = set.hostname;
    this.tagText = set.tags.join(", ");
    this.compression = set.compression;
    this.packSizeBytes = set.packSizeBytes;
    const upload = amountFieldOf(set.uploadLimit, this.uploadUnit);
    this.upload = upload.number;
    this.uploadUnit = upload.unit;
    this.skipIfUnchanged = set.skipIfUnchanged;
    this.reread = set.rereadEvery === null ? "" : String(set.rereadEvery);
    this.reminder = set.reminderDays === null ? "" : String(set.reminderDays);
    this.runsOnChange = set.runsOnChange;
  }

  /** A browser cannot know the folders of a series that it did not write: they are chosen, their names stay. */
  #continue(snapshot: SnapshotInfo): void {
    this.sources = snapshot.paths.map((path) => {
      return new EditedSource({ id: freshId(), rootName: path.slice(1), kind: "folder" }, true);
    });
    this.hostname = snapshot.hostname;
    this.tagText = snapshot.tags.join(", ");
  }

  #add(picked: PickedFolder): void {
    const rootName = freeName(rootNameFor(picked.name), this.rootNames);
    const source = new EditedSource({ id: freshId(), rootName, kind: picked.kind }, false);
    this.sources = [...this.sources, source];
    this.parts.folders.choose(source.id, picked);
  }

  #twin(): BackupSet | null {
    if (this.rootNames.length === 0) return null;
    return this.parts.sets.twinOf(this.hostname.trim(), pathsOf(this.rootNames), this.id);
  }
}

function rulesOf({ excludes }: SnapshotInfo): BackupSet["rules"] {
  return {
    exclude: excludes,
    iexclude: [],
    excludeCaches: false,
    excludeIfPresent: [],
    excludeLargerThanBytes: null,
  };
}

function freshId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ""))];
}

function numberOf(text: string): number | null {
  const number = wholeOf(text);
  return number === "unreadable" ? null : number;
}

function foreignProgramOf(info: ParentInfo | null): string | null {
  if (info === null || info.parent === null) return null;
  const program = info.parent.programVersion;
  if (program.startsWith("holdall")) return null;
  return program === "" ? "restic" : program;
}
