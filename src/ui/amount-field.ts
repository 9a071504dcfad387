/** A number that people type, and the unit that they choose beside it. */
export interface AmountField {
  number: string;
  unit: SizeUnit;
}

export type SizeUnit = "KB" | "MB" | "GB";

export const sizeUnits: readonly SizeUnit[] = ["KB", "MB", "GB"];

const unitBytes: Record<SizeUnit, number> = { KB: 1000, MB: 1_000_000, GB: 1_000_000_000 };

/** Bytes, null for an empty field, or "unreadable". A comma is a decimal point, too. */
export function bytesOf({ number, unit }: AmountField): number | null | "unreadable" {
  const text = number.trim().replace(",", ".");
  if (text === "") return null;
  if (!/^\d{1,12}(\.\d{1,6})?$/.test(text)) return "unreadable";
  const bytes = Math.round(Number(text) * unitBytes[unit]);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : "unreadable";
}

/** The field that says so many bytes, in the largest unit that says them exactly. */
export function amountFieldOf(bytes: number | null, unit: SizeUnit): AmountField {
  if (bytes === null) return { number: "", unit };
  const exact = sizeUnits.toReversed().find((candidate) => bytes % unitBytes[candidate] === 0);
  const chosen = exact ?? "KB";
  return { number: String(bytes / unitBytes[chosen]), unit: chosen };
}

/** A whole number of at least one, null for an empty field, or "unreadable". */
export function wholeOf(text: string): number | null | "unreadable" {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return /^[1-9]\d{0,4}$/.test(trimmed) ? Number(trimmed) : "unreadable";
}
