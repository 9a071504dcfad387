import { backupText } from "./text/backup.ts";

/** A picked folder's name as one that a snapshot's root can hold. */
export function rootNameFor(folderName: string): string {
  const plain = folderName.replaceAll("/", "-").trim();
  return plain === "" || plain === "." || plain === ".." ? "Folder" : plain;
}

/** The wanted name, or the first with a number behind it that is not taken. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

/** Why the name at this place cannot stand in a snapshot's root; null if it can. */
export function rootProblem(name: string, all: readonly string[], at: number): string | null {
  if (name === "") return backupText.nameMissing;
  if (name === "." || name === ".." || /[/\0]/.test(name)) return backupText.nameUnusable;
  return all.indexOf(name) === at ? null : backupText.nameTwice;
}

/** True if a set can have these paths: each is a name in a snapshot's root. */
export function isContinuable(paths: readonly string[]): boolean {
  const names = paths.map((path) => path.slice(1));
  return (
    names.length > 0 &&
    paths.every((path) => path.startsWith("/")) &&
    names.every((name, at) => rootProblem(name, names, at) === null)
  );
}
