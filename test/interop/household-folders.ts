import { createHash } from "node:crypto";
import { chmodSync, linkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { BackupSource } from "../../src/workers/repository-api.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";

/** Whole numbers that depend on the seed alone. */
export class Dice {
  private readonly numbers: Buffer;
  private at = 0;

  constructor(seed: number, throws = 20_000) {
    this.numbers = seededBytes(seed, throws * 4);
  }

  /** From 0 to below `sides`. */
  roll(sides: number): number {
    if (this.at === this.numbers.length) throw new RangeError("these dice are worn out");
    const number = this.numbers.readUInt32LE(this.at);
    this.at += 4;
    return number % sides;
  }

  bytes(most: number): Buffer {
    return seededBytes(1 + this.roll(1_000_000), this.roll(most));
  }
}

/** A folder that somebody works in: every day files come, change and go. */
export class WorkFolder {
  protected readonly tree: TreeWriter;
  private readonly files: string[] = [];
  private made = 0;

  constructor(
    readonly path: string,
    protected readonly dice: Dice,
  ) {
    this.tree = new TreeWriter(path);
  }

  work(date: Date): void {
    for (let count = 1 + this.dice.roll(3); count > 0; count--) this.add(date);
    if (this.dice.roll(2) === 0) this.change(date);
    if (this.files.length > 5 && this.dice.roll(2) === 0) this.remove();
  }

  private add(date: Date): void {
    const path = `${["", "letters/", "taxes/2026/", "a/b/"][this.dice.roll(4)]}file ${++this.made}.txt`;
    this.tree.file(path, this.dice.bytes(40_000), date);
    this.files.push(path);
  }

  private change(date: Date): void {
    const path = this.files[this.dice.roll(this.files.length)];
    if (path !== undefined) this.tree.file(path, this.dice.bytes(40_000), date);
  }

  private remove(): void {
    const [path] = this.files.splice(this.dice.roll(this.files.length), 1);
    if (path !== undefined) rmSync(join(this.path, path));
  }
}

/** The home of somebody who uses restic itself: with all that no browser sees. */
export class HomeFolder extends WorkFolder {
  private days = 0;

  override work(date: Date): void {
    super.work(date);
    const day = ++this.days;
    const secret = `secrets/key ${day}`;
    this.tree.file(secret, this.dice.bytes(500), date);
    chmodSync(join(this.path, secret), [0o600, 0o400, 0o755, 0o4750][day % 4] ?? 0o600);
    chmodSync(join(this.path, "secrets"), 0o700);
    symlinkSync(`key ${day}`, join(this.path, `secrets/link ${day}`));
    symlinkSync("nowhere/at all", join(this.path, `secrets/broken ${day}`));
    linkSync(join(this.path, secret), join(this.path, `secrets/twin ${day}`));
  }
}

export interface Photo {
  name: string;
  sha256: string;
}

/** Photos that are picked by hand, some at a time; a camera counts anew, so that names come again. */
export class PhotoPicks {
  /** Everything that was ever picked, each name and content once. */
  readonly picked = new Map<string, Photo>();
  private last: { file: File; photo: Photo } | null = null;

  constructor(private readonly dice: Dice) {}

  pick(date: Date): BackupSource {
    const marked = new Map<string, { file: File; photo: Photo }>();
    // One that was picked before comes along, as it does when somebody marks a few too many.
    if (this.last !== null) marked.set(this.last.photo.name, this.last);
    for (let count = 2 + this.dice.roll(2); count > 0; count--) {
      const shot = this.shoot(date);
      marked.set(shot.photo.name, shot);
      this.last = shot;
    }
    for (const { photo } of marked.values()) this.picked.set(`${photo.name} ${photo.sha256}`, photo);
    const files = [...marked.values()].map(({ file }) => ({ path: [file.name], file }));
    return { rootName: "Photos", folder: { kind: "files", files, emptyFolders: [] }, addsToParent: true };
  }

  private shoot(date: Date): { file: File; photo: Photo } {
    const name = `IMG_000${this.dice.roll(6)}.jpg`;
    const bytes = new Uint8Array(this.dice.bytes(30_000));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { file: new File([bytes], name, { lastModified: date.getTime() }), photo: { name, sha256 } };
  }
}
