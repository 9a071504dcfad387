import type { Id } from "../base/id.ts";

/**
 * The packs of an index, numbered from 0, and which of its entries lie in each. A pack's entries are one run of consecutive
 * ones, unless index files list it piecemeal; so a pack costs its id and two numbers.
 */
export class PackList {
  private readonly ids: Id[] = [];
  private readonly numbers = new Map<Id, number>();
  /** The first entry and the one behind the last of each pack's latest run. */
  private readonly firsts: number[] = [];
  private readonly ends: number[] = [];
  /** The runs before the latest, of the few packs that have some: firsts and ends by turns. */
  private readonly earlier = new Map<number, number[]>();

  get size(): number {
    return this.ids.length;
  }

  /** The number of a pack, or undefined if it is not listed. */
  find(pack: Id): number | undefined {
    return this.numbers.get(pack);
  }

  idOf(number: number): Id {
    return this.ids[number] as Id;
  }

  /** The number of a pack, which is listed from now on. */
  add(pack: Id): number {
    const known = this.numbers.get(pack);
    if (known !== undefined) return known;
    const number = this.ids.push(pack) - 1;
    this.numbers.set(pack, number);
    this.firsts.push(0);
    this.ends.push(0);
    return number;
  }

  /** Notes that an entry, the last of all so far, lies in a pack. */
  note(number: number, entry: number): void {
    const end = this.ends[number] ?? 0;
    this.ends[number] = entry + 1;
    if (end === entry) return;
    const first = this.firsts[number] ?? 0;
    this.firsts[number] = entry;
    if (end > first) this.earlier.set(number, [...(this.earlier.get(number) ?? []), first, end]);
  }

  /** The first entry and the one behind the last of each run of a pack's entries, by turns; empty if it has none. */
  runs(number: number): readonly number[] {
    const first = this.firsts[number] ?? 0;
    const end = this.ends[number] ?? 0;
    return end === first ? [] : [...(this.earlier.get(number) ?? []), first, end];
  }
}
