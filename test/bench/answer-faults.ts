import { SeededRandom } from "../faults/seeded-random.ts";

/** What a client is told instead of what its server has to say. */
export interface AnswerFault {
  status: number;
  bodyLength: number;
  /** The server does what it is asked, and then nobody hears of it. */
  afterwards: boolean;
}

interface FaultKind extends AnswerFault {
  /** In so many of a thousand requests that it can happen to. */
  perMille: number;
  happensTo(method: string, path: string): boolean;
}

const anything = () => true;
const kibibyte = 1024;

const kinds = {
  busy: { status: 503, bodyLength: 20, afterwards: false, perMille: 4, happensTo: anything },
  // Pages of a proxy: to be read to the end, and the one that is too long for that.
  broken: { status: 500, bodyLength: 100 * kibibyte, afterwards: false, perMille: 3, happensTo: anything },
  brokenAtLength: { status: 502, bodyLength: 4096 * kibibyte, afterwards: false, perMille: 1, happensTo: isReading },
  storedUnsaid: { status: 500, bodyLength: 20, afterwards: true, perMille: 40, happensTo: isUpload },
  missing: { status: 404, bodyLength: 10, afterwards: false, perMille: 10, happensTo: isPackRead },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof kinds;

/** All that Holdall has to bear; and what restic bears too, which ends at the first pack that is missing. */
export const allFaults = Object.keys(kinds) as FaultName[];
export const faultsForRestic: readonly FaultName[] = ["busy", "broken", "storedUnsaid"];

/** Faults that the seed alone decides on, request by request. */
export class AnswerFaults {
  private readonly given = new Map<FaultName, number>();
  private readonly random: SeededRandom;

  constructor(
    private readonly names: readonly FaultName[],
    seed: number,
  ) {
    this.random = new SeededRandom(seed);
  }

  /** How many there were of one. */
  count(name: FaultName): number {
    return this.given.get(name) ?? 0;
  }

  /** Null for a request that is to be served. */
  next(method: string, path: string): AnswerFault | null {
    for (const name of this.names) {
      const kind: FaultKind = kinds[name];
      if (!kind.happensTo(method, path) || this.random.below(1000) >= kind.perMille) continue;
      this.given.set(name, this.count(name) + 1);
      return kind;
    }
    return null;
  }
}

function isReading(method: string): boolean {
  return method === "GET";
}

function isUpload(method: string): boolean {
  return method === "POST";
}

function isPackRead(method: string, path: string): boolean {
  return method === "GET" && /\/data\/[0-9a-f]{64}$/.test(path);
}
