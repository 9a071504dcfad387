import type { ErrorContext } from "../../core/base/errors.ts";

/** What people read when something fails: what it is, what happened (and what is safe), what they can do. */
export interface ErrorText {
  title: string;
  happened: string | ((context: ErrorContext) => string);
  advice: string;
}

/** The stored thing that an error is about, by whichever names its thrower knew. */
export function thingOf(context: ErrorContext): string {
  for (const kind of ["file", "pack", "blob", "tree", "snapshot", "index", "key", "lock", "id", "path"]) {
    const value = context[kind];
    if (typeof value !== "string") continue;
    const type = context["type"];
    const noun =
      kind === "file" || kind === "id" || kind === "path" ? (typeof type === "string" ? type : "file") : kind;
    return `${noun} ${shortened(value)}`;
  }
  const type = context["type"];
  return typeof type === "string" ? `a file of type ${type}` : "a stored file";
}

/** A name from the disk, in quotes; nothing if it is not known. */
export function quotedOf(name: unknown, before = ""): string {
  return typeof name === "string" && name !== "" ? ` ${before}“${name}”` : "";
}

function shortened(name: string): string {
  return name.replace(/[0-9a-f]{64}/g, (id) => id.slice(0, 12));
}
