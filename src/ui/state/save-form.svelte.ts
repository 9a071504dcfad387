import type {
  ArchiveFormat,
  ArchivePlan,
  NodePath,
  OverwriteMode,
  RepositoryApi,
  RestorePlanInfo,
  RestoreProgress,
  SnapshotInfo,
} from "../../workers/repository-api.ts";
import { archiveName } from "../archive-name.ts";
import { type Failure, failureOf } from "../failure.ts";
import type { Ports } from "../ports.ts";
import { archiveCommand, type ChosenThings, dumpCommand, restoreCommand } from "../text/restic-commands.ts";
import type { AnyJob, Jobs } from "./jobs.svelte.ts";
import { Loader } from "./loader.svelte.ts";

/** Things of one folder of a snapshot that somebody wants to have. */
export interface WantedThings {
  snapshot: SnapshotInfo;
  paths: NodePath[];
  /** Their names, and those of the folders above: for people, and for restic's line. */
  names: readonly string[];
  folder: readonly string[];
  /** The one file that it is; null for several things or a folder. */
  file: { name: string; sizeBytes: number } | null;
  /** In words. */
  subject: string;
}

export type SaveWay = "download" | ArchiveFormat | "folder";

export type SavePlan = { kind: "archive"; plan: ArchivePlan } | { kind: "folder"; plan: RestorePlanInfo };

interface SavePorts extends Pick<Ports, "downloadLimitBytes"> {
  folders: Pick<Ports["folders"], "pick">;
  capabilities: Pick<Ports["capabilities"], "folderPicker">;
}

/** The way from "save this" to a job: in which form, what that would be, and yes. */
export class SaveForm {
  wanted = $state.raw<WantedThings | null>(null);
  way = $state<SaveWay>("zip");
  overwrite = $state<OverwriteMode>("changed");
  target = $state.raw<FileSystemDirectoryHandle | null>(null);
  /** Why no folder could be chosen. */
  refusal = $state.raw<Failure | null>(null);
  /** How far the planning is. */
  found = $state.raw<RestoreProgress | null>(null);
  limitBytes = $state<number | null>(null);
  readonly #planner = new Loader<SavePlan>();
  readonly planning = $derived(this.#planner.current);
  readonly plan = $derived(this.planning.state === "ready" ? this.planning.value : null);
  readonly ways = $derived(this.#waysOf(this.wanted));
  /** Bytes that the browser would have to save as one download; null while unknown or for a folder. */
  readonly downloadBytes = $derived(this.#downloadBytes());
  readonly tooLarge = $derived(
    this.limitBytes !== null && this.downloadBytes !== null && this.downloadBytes > this.limitBytes,
  );
  readonly ready = $derived(this.wanted !== null && !this.tooLarge && (this.way === "download" || this.#planFits()));
  readonly command = $derived(this.#command());

  constructor(
    private readonly api: Pick<RepositoryApi, "planArchive" | "planRestore">,
    private readonly jobs: Jobs,
    private readonly ports: SavePorts,
    private readonly location: string,
  ) {}

  begin(wanted: WantedThings): void {
    this.wanted = wanted;
    this.target = null;
    this.overwrite = "changed";
    this.choose(wanted.file === null ? "zip" : "download");
    void this.ports.downloadLimitBytes().then((limit) => {
      this.limitBytes = limit;
    });
  }

  close(): void {
    this.#planner.stop();
    this.wanted = null;
    this.target = null;
  }

  choose(way: SaveWay): void {
    this.way = way;
    this.refusal = null;
    void this.replan();
  }

  /** Opens the browser's picker, which needs a click. */
  async chooseFolder(): Promise<void> {
    this.refusal = null;
    try {
      const target = await this.ports.folders.pick("readwrite");
      if (target === null) return;
      this.target = target;
      await this.replan();
    } catch (error) {
      this.refusal = failureOf(error);
    }
  }

  /** Looks up what the chosen way would do. */
  async replan(): Promise<void> {
    const { wanted, way, target, overwrite } = this;
    this.#planner.stop();
    this.found = null;
    if (wanted === null || way === "download" || (way === "folder" && target === null)) return;
    const request = { snapshot: wanted.snapshot.id, paths: wanted.paths };
    const onProgress = (progress: RestoreProgress) => {
      this.found = progress;
    };
    await this.#planner.load(async (signal): Promise<SavePlan> => {
      const context = { signal, onProgress };
      if (way !== "folder") {
        return { kind: "archive", plan: await this.api.planArchive({ ...request, format: way }, context) };
      }
      if (target === null) throw new Error("no folder was chosen");
      return { kind: "folder", plan: await this.api.planRestore({ ...request, target, overwrite }, context) };
    });
  }

  /** Starts the job that was agreed on and closes; null if there is nothing to start. */
  start(): AnyJob | null {
    const { wanted } = this;
    if (wanted === null || !this.ready) return null;
    const entry = this.#startFor(wanted);
    if (entry !== null) this.close();
    return entry;
  }

  #startFor(wanted: WantedThings): AnyJob | null {
    const { plan, way, target, overwrite } = this;
    const command = this.#command();
    const snapshot = wanted.snapshot.id;
    const [path] = wanted.paths;
    if (way === "download") {
      if (wanted.file === null || path === undefined) return null;
      return this.jobs.startDownload({ snapshot, path, ...wanted.file }, command);
    }
    if (way === "folder") {
      if (target === null) return null;
      const request = { snapshot, paths: wanted.paths, target, overwrite };
      return this.jobs.startRestore(request, { subject: wanted.subject, command });
    }
    if (plan?.kind !== "archive") return null;
    const { archiveBytes } = plan.plan;
    return this.jobs.startArchive(
      { snapshot, paths: wanted.paths, format: way },
      { name: nameOf(wanted, way), archiveBytes },
      command,
    );
  }

  #planFits(): boolean {
    return this.plan !== null && (this.plan.kind === "folder") === (this.way === "folder");
  }

  #waysOf(wanted: WantedThings | null): SaveWay[] {
    const folder: SaveWay[] = this.ports.capabilities.folderPicker ? ["folder"] : [];
    return [...(wanted?.file == null ? [] : (["download"] as const)), "zip", "tar", ...folder];
  }

  #downloadBytes(): number | null {
    if (this.way === "download") return this.wanted?.file?.sizeBytes ?? null;
    return this.way !== "folder" && this.plan?.kind === "archive" ? this.plan.plan.archiveBytes : null;
  }

  #command(): string {
    const { wanted, way } = this;
    if (wanted === null) return "";
    const things: ChosenThings = { snapshot: wanted.snapshot.id, folder: wanted.folder, names: wanted.names };
    if (way === "folder") {
      const target = this.target?.name ?? "restored";
      return restoreCommand(this.location, things, { target, overwrite: this.overwrite });
    }
    if (way !== "download") return archiveCommand(this.location, things, way);
    return dumpCommand(this.location, { snapshot: wanted.snapshot.id, path: [...wanted.folder, ...wanted.names] });
  }
}

function nameOf(wanted: WantedThings, format: ArchiveFormat): string {
  const { hostname, timeMs } = wanted.snapshot;
  const subject = wanted.names.length === 1 ? wanted.names[0] : wanted.folder.at(-1);
  return archiveName({ hostname, timeMs, subject: subject ?? null }, format);
}
