import type { SealedBlob } from "../codec/codec.ts";
import { defaultPackTarget, OpenPack } from "./open-pack.ts";

/**
 * Collects blobs of one type into packs. Two packs are open at a time and each blob goes to a random one, so that pack
 * contents do not give away the order, and with it the chunk lengths, of known files.
 */
export class Packer {
  private readonly open: [OpenPack, OpenPack];

  /** `target`: the bytes of blobs that make a pack full. */
  constructor(private readonly target: number = defaultPackTarget) {
    this.open = [new OpenPack(target), new OpenPack(target)];
  }

  /** Adds a blob, copying it. Returns a pack when one is full and must be finished by the caller. */
  add(blob: SealedBlob): OpenPack | null {
    if (blob.sealed.length >= this.target) return this.packOf(blob);
    const choice = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
    const slot = (choice & 1) as 0 | 1;
    const pack = this.open[slot];
    pack.add(blob);
    if (!pack.isFull) return null;
    this.open[slot] = new OpenPack(this.target);
    return pack;
  }

  /** The packs that are left at the end of a run: merged into one if they fit. */
  takeRest(): OpenPack[] {
    const [first, second] = this.open;
    this.open[0] = new OpenPack(this.target);
    this.open[1] = new OpenPack(this.target);
    if (first.length + second.length <= this.target) {
      first.absorb(second);
      return first.blobs.length > 0 ? [first] : [];
    }
    return [first, second].filter((pack) => pack.blobs.length > 0);
  }

  private packOf(blob: SealedBlob): OpenPack {
    const pack = new OpenPack(this.target);
    pack.add(blob);
    return pack;
  }
}
