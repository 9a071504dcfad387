import type {
  BackupRequest,
  BackupSet,
  BackupSetSource,
  BackupSource,
  RepositoryApi,
  RepositoryInfo,
  SnapshotInfo,
} from "../../workers/repository-api.ts";
import type { SourcePort } from "../ports.ts";
import { hasStored } from "../set-facts.ts";
import { backupCommand } from "../text/restic-commands.ts";
import { BackupSets } from "./backup-sets.svelte.ts";
import type { BackupJob, Jobs } from "./jobs.svelte.ts";
import { SetEditor } from "./set-editor.svelte.ts";
import { SetFolders } from "./set-folders.svelte.ts";
import { SetPreview } from "./set-preview.svelte.ts";

interface DeskParts {
  api: RepositoryApi;
  info: RepositoryInfo;
  jobs: Jobs;
  sources: SourcePort;
}

/** Everything around the sets of an open repository: which there are, what is behind them, the one being edited, runs. */
export class BackupDesk {
  readonly sets: BackupSets;
  readonly folders: SetFolders;
  /** A new set that was begun and neither started nor dropped. */
  draft = $state.raw<SetEditor | null>(null);
  /** The set that is being changed. */
  edited = $state.raw<SetEditor | null>(null);

  constructor(private readonly parts: DeskParts) {
    this.sets = new BackupSets(parts.api);
    this.folders = new SetFolders(parts.sources);
  }

  async reload(): Promise<void> {
    await this.sets.reload();
    for (const { set } of this.sets.list) await this.folders.lookUp(set);
  }

  /** The new set that is being made; one is begun if there is none. */
  begin(): SetEditor {
    this.draft ??= this.#editor(null);
    return this.draft;
  }

  /** Begins a set that continues what another browser or program wrote. */
  continueSeries(series: SnapshotInfo): SetEditor {
    this.discardDraft();
    const draft = this.#editor({ series });
    this.draft = draft;
    return draft;
  }

  discardDraft(): void {
    const { draft } = this;
    this.draft = null;
    if (draft !== null) void this.folders.forget(draft.build());
  }

  /** The known set of this id to be changed; null if there is none. What was being changed of it stays. */
  edit(id: string): SetEditor | null {
    if (this.edited?.id === id) return this.edited;
    const info = this.sets.find(id);
    if (info === undefined) return null;
    this.edited = this.#editor({ info });
    return this.edited;
  }

  /** Keeps what an editor says. */
  async keep(editor: SetEditor): Promise<BackupSet> {
    const set = editor.build();
    const before = this.sets.find(set.id)?.set.sources ?? [];
    const left = before.filter(({ id }) => !set.sources.some((source) => source.id === id));
    await this.folders.keep(set);
    this.folders.letGo(left);
    await this.sets.save(set);
    return set;
  }

  /** Puts an editor away whose set is kept, or is to stay as it was. */
  finish(editor: SetEditor): void {
    if (this.draft === editor) this.draft = null;
    if (this.edited === editor) this.edited = null;
  }

  async remove(set: BackupSet): Promise<void> {
    await this.sets.remove(set.id);
    await this.folders.forget(set);
  }

  /** True if this source must be there before a run of its set begins. */
  isNeeded(set: BackupSet, source: BackupSetSource): boolean {
    if (source.kind === "folder") return true;
    // Nothing new among loose files is fine where a snapshot holds those of before, and something else is backed up.
    const info = this.sets.find(set.id);
    return info === undefined || !hasStored(info) || set.sources.every(({ kind }) => kind === "files");
  }

  /** The sources without which the set cannot run. */
  missingOf(set: BackupSet): BackupSetSource[] {
    return set.sources.filter(
      (source) => this.isNeeded(set, source) && this.folders.linkOf(source.id).state === "missing",
    );
  }

  /** What a set would include, for as long as somebody looks. */
  preview(): SetPreview {
    return new SetPreview(this.parts.api);
  }

  /** Starts a run; to be called in a click. Null if a source is missing: then nothing is started. */
  async run(set: BackupSet, how: { dryRun: boolean }): Promise<BackupJob | null> {
    const { jobs, info } = this.parts;
    if (jobs.backup !== undefined) return null;
    await this.folders.lookUp(set);
    const needed = set.sources.filter((source) => this.isNeeded(set, source));
    if (!(await this.folders.permit(set, needed)) || jobs.backup !== undefined) return null;
    const request = this.#requestFor(set, how);
    const command = backupCommand(info.location, {
      ...request,
      rootNames: set.sources.map(({ rootName }) => rootName),
    });
    const entry = jobs.startBackup(request, { subject: set.name, command });
    void entry.job.finished.then(() => {
      if (entry.job.outcome.state === "done" && !how.dryRun) this.folders.forgetLists(set.sources);
      return this.sets.reload();
    });
    return entry;
  }

  #requestFor(set: BackupSet, { dryRun }: { dryRun: boolean }): BackupRequest {
    return {
      sources: this.sourcesOf(set),
      hostname: set.hostname,
      tags: set.tags,
      compression: set.compression,
      utcOffsetMinutes: -new Date().getTimezoneOffset(),
      rules: set.rules,
      packSizeBytes: set.packSizeBytes,
      uploadLimit: set.uploadLimit,
      skipIfUnchanged: set.skipIfUnchanged,
      dryRun,
      rereadEvery: set.rereadEvery,
      setId: this.sets.isKept(set.id) ? set.id : null,
      waitsForLock: true,
    };
  }

  /** What can be read of a set now; loose files of which none were picked are an empty pick. */
  sourcesOf(set: Pick<BackupSet, "sources">): BackupSource[] {
    return set.sources.flatMap(({ id, rootName, kind }) => {
      const link = this.folders.linkOf(id);
      const addsToParent = kind === "files";
      if (link.state === "ready") return [{ rootName, folder: link.picked.folder, addsToParent }];
      return addsToParent ? [{ rootName, folder: noFiles, addsToParent }] : [];
    });
  }

  #editor(from: ConstructorParameters<typeof SetEditor>[1]): SetEditor {
    const { api, info } = this.parts;
    return new SetEditor({ api, repository: info, sets: this.sets, folders: this.folders }, from);
  }
}

const noFiles: BackupSource["folder"] = { kind: "files", files: [], emptyFolders: [] };
