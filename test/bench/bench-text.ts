import { SeededRandom } from "../faults/seeded-random.ts";

const syllables =
  "ba co di fu ge lo ma ni po ra se ti vu wa xe yo za ker lin mos tan der ing ion ent ter ver con pro".split(" ");
const levels = ["debug", "info ", "info ", "info ", "info ", "warn ", "error"];
const vocabulary = 3000;
const phraseCount = 2000;

/**
 * Text like a log's: lines of a time, a level, phrases of a vocabulary that are met again and again, and numbers that are
 * not. zstd makes a quarter of it. The same seed gives the same text.
 */
export class LogText {
  private readonly random: SeededRandom;
  private readonly phrases: readonly Buffer[];
  private timeMs = Date.UTC(2026, 0, 1);

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const words = Array.from({ length: vocabulary }, () => this.word());
    this.phrases = Array.from({ length: phraseCount }, () => Buffer.from(this.phrase(words)));
  }

  /** So many bytes, the last line cut off where they end. */
  bytes(length: number): Buffer {
    const text = Buffer.allocUnsafe(length);
    for (let offset = 0; offset < length; ) offset += this.writeLine(text, offset);
    return text;
  }

  private writeLine(text: Buffer, offset: number): number {
    const { random } = this;
    this.timeMs += random.below(5000);
    let end = offset;
    const level = levels[random.below(levels.length)];
    end += text.write(`${new Date(this.timeMs).toISOString()} ${level} `, end, "latin1");
    for (let left = 1 + random.below(4); left > 0; left--) end += this.copyPhrase(text, end);
    end += text.write(` ${random.below(2 ** 31).toString(16)}\n`, end, "latin1");
    return end - offset;
  }

  /** What is common is met far more often than what is rare. */
  private copyPhrase(text: Buffer, offset: number): number {
    const phrase = this.phrases[Math.floor(this.random.fraction() ** 2 * phraseCount)];
    return phrase?.copy(text, offset) ?? 0;
  }

  private word(): string {
    const length = 1 + this.random.below(4);
    return Array.from({ length }, () => syllables[this.random.below(syllables.length)]).join("");
  }

  private phrase(words: readonly string[]): string {
    const length = 2 + this.random.below(6);
    return Array.from({ length }, () => words[this.random.below(vocabulary)]).join(" ");
  }
}
