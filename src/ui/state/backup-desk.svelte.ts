import type {
  BackupRequest,
  BackupSet,
  BackupSetSource,
  BackupSource,
  RepositoryApi,
  RepositoryInfo,
} from "../../workers/repository-api.ts";
import type { SourcePort } from "../ports.ts";
import { hasStored } from "../set-facts.ts";
import { backupCommand } from "../text/restic-commands.ts";
import { BackupSets } from "./backup-sets.svelte.ts";
import type { BackupJob, Jobs } from "./jobs.svelte.ts";
import { SetFolders } from "./set-folders.svelte.ts";

interface DeskParts {
  api: RepositoryApi;
  info: RepositoryInfo;
  jobs: Jobs;
  sources: SourcePort;
  /** After a run that may have written a snapshot. */
  onstored: () => void;
}

/** Around the sets of an open repository: which there are, what is behind them, and runs. */
export class BackupDesk {
  readonly sets: BackupSets;
  readonly folders: SetFolders;

  constructor(readonly parts: DeskParts) {
    this.sets = new BackupSets(parts.api);
    this.folders = new SetFolders(parts.sources);
  }

  async reload(): Promise<void> {
    await this.sets.reload();
    for (const { set } of this.sets.list) await this.folders.lookUp(set);
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

  /** Settles when no backup runs. */
  async idle(): Promise<void> {
    const { jobs } = this.parts;
    while (jobs.backup !== undefined) await jobs.backup.job.finished;
  }

  /** The folders of a set that the browser gave as handles. */
  handlesOf(set: BackupSet): FileSystemDirectoryHandle[] {
    return this.sourcesOf(set).flatMap(({ folder }) => (folder.kind === "handle" ? [folder.handle] : []));
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
    return jobs.startBackup(request, { subject: set.name, command }, ({ outcome }) => {
      if (outcome === "dry-run") return; // what was picked stays for the run itself
      this.folders.forgetLists(set.sources);
      this.parts.onstored();
    });
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
}

const noFiles: BackupSource["folder"] = { kind: "files", files: [], emptyFolders: [] };
