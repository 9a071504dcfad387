import type { KeptSource, PickedFolder, SourceKey, SourcePort } from "../../src/ui/ports.ts";

/** What was picked for sets, in memory. A key that `lapsed` has is asked for, which `permits` answers. */
export class FakeSources implements SourcePort {
  readonly kept = new Map<string, PickedFolder>();
  /** "set/source" of those whose permission is no more. */
  readonly lapsed = new Set<string>();
  permits = true;

  async keep(source: SourceKey, picked: PickedFolder): Promise<void> {
    this.kept.set(keyOf(source), picked);
    this.lapsed.delete(keyOf(source));
  }

  async find(source: SourceKey): Promise<KeptSource> {
    const picked = this.kept.get(keyOf(source));
    if (picked === undefined) return { state: "gone" };
    return this.lapsed.has(keyOf(source)) ? { state: "prompt", name: picked.name } : { state: "granted", picked };
  }

  async permit(source: SourceKey): Promise<KeptSource> {
    if (this.permits) this.lapsed.delete(keyOf(source));
    return this.find(source);
  }

  async remove(setId: string): Promise<void> {
    for (const key of [...this.kept.keys()]) if (key.startsWith(`${setId}/`)) this.kept.delete(key);
  }
}

function keyOf({ setId, sourceId }: SourceKey): string {
  return `${setId}/${sourceId}`;
}
