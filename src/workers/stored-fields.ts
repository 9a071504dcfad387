import { FormatError } from "../core/base/errors.ts";

/** Reads plain data that a device's storage gave, field by field. Each throws FormatError "unknown-encoding". */
export function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unexpected("object");
}

export function textOfField(value: unknown, longest: number): string {
  if (typeof value === "string" && value.length <= longest) return value;
  throw unexpected(`text of at most ${longest}`);
}

/** A whole number from 0. */
export function countOf(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw unexpected("count");
}

export function flagOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw unexpected("flag");
}

export function oneOf<Word extends string>(value: unknown, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw unexpected(words.join(" or "));
}

export function orNull<Value>(value: unknown, read: (value: unknown) => Value): Value | null {
  return value === null ? null : read(value);
}

export function listOf<Value>(value: unknown, most: number, read: (value: unknown) => Value): Value[] {
  if (Array.isArray(value) && value.length <= most) return value.map(read);
  throw unexpected(`list of at most ${most}`);
}

export function unexpected(expected: string): FormatError {
  return new FormatError("unknown-encoding", { expected });
}
