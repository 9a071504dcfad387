import { parsePastedAddress } from "../core/backend/pasted-address.ts";
import { isPrivate } from "../core/backend/rest-location.ts";
import { type ErrorContext, HoldallError } from "../core/base/errors.ts";

/** What a pasted text means: the address of a REST server, its login apart, or why it is none (as "bad-address" says it). */
export type PastedAddress =
  | { url: string; login: { username: string; password: string } | null; isPrivate: boolean }
  | { refused: ErrorContext };

/** Core's reading of a pasted address, for the page, which shows a refusal instead of throwing it. */
export function readPastedAddress(text: string): PastedAddress {
  try {
    const { url, login } = parsePastedAddress(text);
    return { url, login, isPrivate: isPrivate(url) };
  } catch (error) {
    if (error instanceof HoldallError && error.code === "bad-address") return { refused: error.context };
    throw error;
  }
}
