import type { SealedBlob } from "../codec/codec.ts";
import type { OpenPack } from "./open-pack.ts";

/** Choices are drawn by the hundred: asking for one costs as much. */
const drawnChoices = 1024;

/**
 * Collects blobs of one type into packs. Two packs are open at a time and each blob goes to a random one, so that pack
 * contents do not give away the order, and with it the chunk lengths, of known files.
 */
export class Packer {
  private readonly open: [OpenPack | null, OpenPack | null] = [null, null];
  private readonly choices = new Uint8Array(drawnChoices);
  private choicesLeft = 0;

  /** `target`: the bytes of blobs that make a pack full. */
  constructor(
    private readonly target: number,
    private readonly startPack: () => OpenPack,
  ) {}

  /** Adds a blob, copying it. Returns a pack when one is full and must be finished by the caller. */
  add(blob: SealedBlob): OpenPack | null {
    if (blob.sealed.length >= this.target) return this.packOf(blob);
    const slot = this.choose();
    const pack = this.open[slot] ?? this.startPack();
    pack.add(blob);
    this.open[slot] = pack.isFull ? null : pack;
    return pack.isFull ? pack : null;
  }

  /** The packs that are left at the end of a run: merged into one if they fit. */
  takeRest(): OpenPack[] {
    const [first, second] = this.open;
    this.open.fill(null);
    if (first === null || second === null) return [first ?? second].filter((pack) => pack !== null);
    if (first.length + second.length > this.target) return [first, second];
    first.absorb(second);
    return [first];
  }

  private packOf(blob: SealedBlob): OpenPack {
    const pack = this.startPack();
    pack.add(blob);
    return pack;
  }

  private choose(): 0 | 1 {
    if (this.choicesLeft === 0) {
      crypto.getRandomValues(this.choices);
      this.choicesLeft = drawnChoices;
    }
    this.choicesLeft--;
    return ((this.choices[this.choicesLeft] ?? 0) & 1) as 0 | 1;
  }
}
