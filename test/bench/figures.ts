/** What one run of one side took. */
export interface Sample {
  seconds: number;
  /** Processor time of all processes of the side; the server's is not in it. */
  cpuSeconds: number;
  /** The most memory of their own that these processes had at one moment. */
  peakBytes: number;
  /** Bytes in the repository afterwards; null where nothing is stored. */
  storedBytes: number | null;
  /** Seen by the server; null where it cannot tell. */
  requests: number | null;
  sockets: number | null;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** All runs of one side. What is not time is the largest of its runs. */
export interface SideFigures extends Omit<Sample, "seconds" | "cpuSeconds"> {
  seconds: Spread;
  /** The median. */
  cpuSeconds: number;
}

/** One thing that was measured, on both sides. `restic` is null where it has no such thing. */
export interface Figure {
  name: string;
  /** Times of restic's to times of ours: above 1, Holdall is faster. Null without a peer. */
  ratio: number | null;
  holdall: SideFigures;
  restic: SideFigures | null;
  /** Where restic is no peer: the browser alone, which reads or saves as many bytes with no engine behind or before them. */
  ceiling?: SideFigures;
  /** Its time to what ours took for the same, from the press that began it. */
  ofCeiling?: number;
  /** More that this one tells, by name. */
  notes?: Readonly<Record<string, number | string>>;
}

export function figureOf(name: string, holdall: readonly Sample[], restic: readonly Sample[]): Figure {
  const ours = sideOf(holdall);
  const theirs = restic.length === 0 ? null : sideOf(restic);
  return { name, ratio: theirs && theirs.seconds.median / ours.seconds.median, holdall: ours, restic: theirs };
}

export function sideOf(samples: readonly Sample[]): SideFigures {
  return {
    seconds: spreadOf(samples.map(({ seconds }) => seconds)),
    cpuSeconds: spreadOf(samples.map(({ cpuSeconds }) => cpuSeconds)).median,
    peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)),
    storedBytes: largest(samples.map(({ storedBytes }) => storedBytes)),
    requests: largest(samples.map(({ requests }) => requests)),
    sockets: largest(samples.map(({ sockets }) => sockets)),
  };
}

/** Throws RangeError without numbers. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || low === undefined || high === undefined)
    throw new RangeError("nothing was measured");
  return { min, median: (low + high) / 2, max };
}

function largest(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length === 0 ? null : Math.max(...known);
}
