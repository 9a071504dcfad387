import { type Bytes, utf8 } from "./bytes.ts";

/** The names of an object's known fields, found without making a string of what is read. */
export class FieldNames<Name extends string> {
  private readonly slots: { name: Name; bytes: Bytes }[][] = Array.from({ length: 256 }, () => []);
  private readonly folded = new Map<string, Name>();

  constructor(names: readonly Name[]) {
    for (const name of names) {
      const bytes = utf8(name);
      this.slotOf(bytes.length, bytes[0]).push({ name, bytes });
      this.folded.set(name.toLowerCase(), name);
    }
  }

  /** The name that stands between two offsets, or null. */
  find(bytes: Bytes, from: number, to: number): Name | null {
    for (const candidate of this.slotOf(to - from, bytes[from])) {
      if (candidate.bytes.length === to - from && startsWith(bytes, from, candidate.bytes)) return candidate.name;
    }
    return null;
  }

  /** Go takes a field of another case for the known one, so "Name" is a name to restic and has to be one here. */
  findFolded(text: string): Name | null {
    return this.folded.get(text.toLowerCase()) ?? null;
  }

  /** Names of restic's objects differ in length or first letter. */
  private slotOf(length: number, first = 0): { name: Name; bytes: Bytes }[] {
    return this.slots[((length << 5) ^ first) & 0xff] ?? [];
  }
}

function startsWith(bytes: Bytes, from: number, wanted: Bytes): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[from + i] !== wanted[i]) return false;
  return true;
}
