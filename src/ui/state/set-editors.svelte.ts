import type { BackupSet, SnapshotInfo } from "../../workers/repository-api.ts";
import type { BackupDesk } from "./backup-desk.svelte.ts";
import { SetEditor } from "./set-editor.svelte.ts";
import { SetPreview } from "./set-preview.svelte.ts";

/** The set that is being made and the one that is being changed. Not needed by the first screen, so apart from the desk. */
export class SetEditors {
  /** A new set that was begun and neither started nor dropped. */
  draft = $state.raw<SetEditor | null>(null);
  /** The set that is being changed. */
  edited = $state.raw<SetEditor | null>(null);

  constructor(readonly desk: BackupDesk) {}

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
    if (draft !== null) void this.desk.folders.forget(draft.build());
  }

  /** The known set of this id to be changed; null if there is none. What was being changed of it stays. */
  edit(id: string): SetEditor | null {
    if (this.edited?.id === id) return this.edited;
    const info = this.desk.sets.find(id);
    if (info === undefined) return null;
    this.edited = this.#editor({ info });
    return this.edited;
  }

  /** Keeps what an editor says. */
  async keep(editor: SetEditor): Promise<BackupSet> {
    const { sets, folders } = this.desk;
    const set = editor.build();
    const before = sets.find(set.id)?.set.sources ?? [];
    folders.letGo(before.filter(({ id }) => !set.sources.some((source) => source.id === id)));
    await folders.keep(set);
    await sets.save(set);
    return set;
  }

  /** Puts an editor away whose set is kept, or is to stay as it was. */
  finish(editor: SetEditor): void {
    if (this.draft === editor) this.draft = null;
    if (this.edited === editor) this.edited = null;
  }

  /** What a set would include, for as long as somebody looks. */
  preview(): SetPreview {
    return new SetPreview(this.desk.parts.api);
  }

  #editor(from: ConstructorParameters<typeof SetEditor>[1]): SetEditor {
    const { sets, folders, parts } = this.desk;
    return new SetEditor({ api: parts.api, repository: parts.info, sets, folders }, from);
  }
}
