/** Numbers that depend on the seed alone (mulberry32): a failing run is repeated with the seed that it printed. */
export class SeededRandom {
  constructor(private state: number) {}

  /** From 0 to below 1. */
  fraction(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** So many of the items, spread over all of them, in their order; all if there are no more. */
  spread<T>(items: readonly T[], count: number): T[] {
    if (items.length <= count) return [...items];
    const width = items.length / count;
    return Array.from({ length: count }, (_, i) => items[Math.floor((i + this.fraction()) * width)]).filter(
      (item) => item !== undefined,
    );
  }
}
