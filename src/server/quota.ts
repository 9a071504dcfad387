/** Thrown when a body turns out to be longer than what is left. */
export class QuotaExceeded extends Error {
  constructor() {
    super("the limit of --max-size is reached");
    this.name = "QuotaExceeded";
  }
}

/** Counts the bytes in the data folder against a limit; room is reserved before a body is read, so uploads cannot race past it. */
export class Quota {
  constructor(
    private readonly limitBytes: number,
    private usedBytes: number,
  ) {}

  /** Throws QuotaExceeded, with nothing reserved, if the room is not there. */
  reserve(length: number): void {
    if (this.usedBytes + length > this.limitBytes) throw new QuotaExceeded();
    this.usedBytes += length;
  }

  release(length: number): void {
    this.usedBytes = Math.max(0, this.usedBytes - length);
  }
}
