import type { ErrorCode, ErrorContext } from "../../core/base/errors.ts";
import type { ErrorText } from "./error-text.ts";
import { folderErrors } from "./error-texts/folder.ts";
import { serverErrors } from "./error-texts/server.ts";
import { storedErrors } from "./error-texts/stored.ts";
import { workErrors } from "./error-texts/work.ts";

/** One text for every code; a new code without a text does not compile. */
export const errorTexts = { ...serverErrors, ...folderErrors, ...storedErrors, ...workErrors } satisfies Record<
  ErrorCode,
  ErrorText
>;

/** The text of a code, with what happened made out of its context. */
export function errorText(
  code: ErrorCode,
  context: ErrorContext = {},
): { title: string; happened: string; advice: string } {
  const text: ErrorText = errorTexts[code];
  const happened = typeof text.happened === "function" ? text.happened(context) : text.happened;
  return { title: text.title, happened, advice: text.advice };
}

/** The facts of an error in one line for a report: "status 502, path data/…". */
export function detailText(code: ErrorCode, context: ErrorContext): string {
  const facts = Object.entries(context).map(([key, value]) => `${key} ${value}`);
  return [code, ...facts].join(" · ");
}
