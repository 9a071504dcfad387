import type { BackupSet, BackupSetSource } from "../../workers/repository-api.ts";
import type { KeptSource, PickedFolder, SourcePort } from "../ports.ts";

/**
 * Whether what a set backs up can be read now. "asks": it is known, but the browser wants a click and a yes first.
 * "missing": it was never chosen in this browser, was refused, or is gone.
 */
export type SourceLink =
  | { state: "looking" }
  | { state: "ready"; picked: PickedFolder }
  | { state: "asks"; name: string }
  | { state: "missing" };

/** The sources of one set. */
export type SourcesOfSet = Pick<BackupSet, "id" | "sources">;

const looking: SourceLink = { state: "looking" };
const missing: SourceLink = { state: "missing" };

/** What is behind the sources of sets: kept by the device where it may, else chosen again for each run. */
export class SetFolders {
  #links = $state.raw<ReadonlyMap<string, SourceLink>>(new Map());

  constructor(private readonly port: SourcePort) {}

  linkOf(sourceId: string): SourceLink {
    return this.#links.get(sourceId) ?? looking;
  }

  isReadable({ id }: Pick<BackupSetSource, "id">): boolean {
    return this.linkOf(id).state === "ready";
  }

  /** Finds out about the sources of which nothing is known yet. */
  async lookUp(set: SourcesOfSet): Promise<void> {
    for (const { id } of set.sources) {
      if (this.linkOf(id).state !== "looking") continue;
      const link = linkTo(await this.port.find({ setId: set.id, sourceId: id }));
      // Meanwhile it may have been chosen.
      if (this.linkOf(id).state === "looking") this.#set(id, link);
    }
  }

  /** Takes this for the source, until `keep` makes it last. */
  choose(sourceId: string, picked: PickedFolder): void {
    this.#set(sourceId, { state: "ready", picked });
  }

  /** Adds loose files to those that were picked for this source and not backed up yet. */
  addFiles(sourceId: string, picked: PickedFolder): void {
    const link = this.linkOf(sourceId);
    this.choose(sourceId, link.state === "ready" ? joined(link.picked, picked) : picked);
  }

  /**
   * Asks for what has lapsed, and looks whether the rest is still there; to be called in a click. What is refused or gone is
   * missing from then on. True if all of these sources can be read.
   */
  async permit(set: SourcesOfSet, needed: readonly BackupSetSource[]): Promise<boolean> {
    for (const { id } of needed) {
      const link = this.linkOf(id);
      const isList = link.state === "ready" && !hasHandles(link.picked);
      if (isList || link.state === "missing") continue;
      // What was chosen and not kept yet is not the port's to answer for.
      if (link.state === "ready") await this.port.keep({ setId: set.id, sourceId: id }, link.picked);
      const found = linkTo(await this.port.permit({ setId: set.id, sourceId: id }));
      if (found.state !== "ready" || link.state !== "ready") this.#set(id, found.state === "asks" ? missing : found);
    }
    return needed.every((source) => this.isReadable(source));
  }

  /** Keeps what was chosen, where the browser gave handles and the device keeps anything. */
  async keep(set: SourcesOfSet): Promise<void> {
    for (const { id } of set.sources) {
      const link = this.linkOf(id);
      if (link.state === "ready" && hasHandles(link.picked))
        await this.port.keep({ setId: set.id, sourceId: id }, link.picked);
    }
  }

  /** A list of files is as old as its pick: after a run it is picked anew. Handles stay. */
  forgetLists(sources: readonly BackupSetSource[]): void {
    for (const { id } of sources) {
      const link = this.linkOf(id);
      if (link.state === "ready" && !hasHandles(link.picked)) this.#set(id, missing);
    }
  }

  /** What was chosen for these sources is no more wanted; what is kept stays kept. */
  letGo(sources: readonly BackupSetSource[]): void {
    const links = new Map(this.#links);
    for (const { id } of sources) links.delete(id);
    this.#links = links;
  }

  async forget(set: SourcesOfSet): Promise<void> {
    this.letGo(set.sources);
    await this.port.remove(set.id);
  }

  /** True if it is known that this is what the source has. */
  async isSame(sourceId: string, { folder }: PickedFolder): Promise<boolean> {
    const link = this.linkOf(sourceId);
    if (link.state !== "ready" || link.picked.folder.kind !== "handle" || folder.kind !== "handle") return false;
    // What cannot be compared is not known to be the same.
    return link.picked.folder.handle.isSameEntry(folder.handle).catch(() => false);
  }

  #set(id: string, link: SourceLink): void {
    this.#links = new Map(this.#links).set(id, link);
  }
}

function linkTo(kept: KeptSource): SourceLink {
  if (kept.state === "granted") return { state: "ready", picked: kept.picked };
  return kept.state === "prompt" ? { state: "asks", name: kept.name } : missing;
}

function hasHandles({ folder, fileHandles }: PickedFolder): boolean {
  return folder.kind === "handle" || (fileHandles !== undefined && fileHandles.length > 0);
}

/** Both picks in one; of two files of one name the later one counts. */
function joined(before: PickedFolder, added: PickedFolder): PickedFolder {
  if (before.folder.kind !== "files" || added.folder.kind !== "files") return added;
  const files = new Map([...before.folder.files, ...added.folder.files].map((entry) => [entry.path.join("/"), entry]));
  const fileHandles = [...(before.fileHandles ?? []), ...(added.fileHandles ?? [])];
  // Handles of some only would lose the others when they are found again.
  const isWhole = hasHandles(before) && hasHandles(added);
  return {
    kind: "files",
    name: added.name,
    folder: {
      kind: "files",
      files: [...files.values()],
      emptyFolders: [],
      unreadable: [...(before.folder.unreadable ?? []), ...(added.folder.unreadable ?? [])],
    },
    ...(isWhole ? { fileHandles } : {}),
  };
}
