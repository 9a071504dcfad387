import { lstatSync, rmSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { rawNameOf } from "../../src/core/base/raw-name.ts";
import { select } from "../support/fixtures.ts";
import { sha256Hex } from "../support/restic-crypto.ts";
import { describeTree, oddNames, type TreeDescription, TreeWriter } from "../support/source-tree.ts";
import type { CellSources } from "./cell.ts";
import { makeSources } from "./sources.ts";

/** Names that Linux allows and Chromium leaves out of every folder without a word, as it was seen to do. */
const unlistedNames: readonly string[] = [
  // Of the odd names: what has a meaning to some file system, control and format characters, and odd ends.
  '"double quotes"',
  "back\\slash",
  "<html>&amp;",
  "C:",
  "a:b",
  "tab\there",
  "new\nline",
  "carriage\rreturn",
  "bell\x07",
  "escape\x1b[31m",
  "control\x01",
  "vertical\x0btab",
  "delete\x7f",
  "\u0080control",
  "zero-width\u200bspace",
  "byte-order\ufeffmark",
  "soft\u00adhyphen",
  "noncharacter \uffff",
  " leading",
  "trailing ",
  "...",
  // Of those that are there for their order.
  "a.",
  "~",
];

/** More of them, in a folder of their own. */
const refusedNames: readonly string[] = [
  "CON",
  "nul.txt",
  "clock$.txt",
  "link.lnk",
  "desktop.ini",
  "Thumbs.db",
  "a*b",
  "~$letter.docx",
  ".~lock.letter#",
  "letter.txt~",
  "..two dots",
  "joined \u{1f468}\u200d\u{1f469}.jpg",
  "class.{21ec2020-3aea-1069-a2dd-08002b30309d}",
];

const unlisted: ReadonlySet<string> = new Set([...unlistedNames, ...refusedNames].map(rawNameOf));
const unreadableNames = oddNames.filter((name): name is Buffer => typeof name !== "string");
const unreadable: ReadonlySet<string> = new Set(unreadableNames.map((name) => name.toString("latin1")));
const hashOfNothing = sha256Hex(Buffer.alloc(0));
const modified = new Date("2023-05-06T07:08:09.125Z");

/**
 * What of a folder's tree a page in Chromium is shown: no links, no names that it leaves out, none that are no UTF-8. Pipes
 * and devices look like empty files.
 */
export async function describeAsChromium(root: string): Promise<TreeDescription> {
  const isListed = (name: string) => !unlisted.has(name) && !unreadable.has(name);
  const isShown = (path: string, what: string) => {
    return path.split("/").every(isListed) && !(what === "special" && isLink(root, path));
  };
  const shown = select(await describeTree(root), isShown);
  for (const [path, what] of shown) if (what === "special") shown.set(path, hashOfNothing);
  return shown;
}

function isLink(root: string, path: string): boolean {
  return lstatSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")])).isSymbolicLink();
}

/** What the app is given to back up, and other trees with what no page can see or read. */
export interface ChromiumSources extends CellSources {
  /** A folder with names that are no UTF-8, which are listed as "" and cannot be opened. */
  unreadable: string;
  unreadableEntries: number;
}

/**
 * A source with links and all names that are left out; its contents are what remains. What is in the others is in
 * listed files as well, so that restic finds all of it known.
 */
export async function makeChromiumSources(folder: string): Promise<ChromiumSources> {
  await mkdir(folder);
  const sources = await makeSources(folder, "full");
  addUnseen(sources.source);
  const sourceContents = await describeAsChromium(sources.source);
  const tree = new TreeWriter(join(folder, "unreadable"));
  tree.file("fine.txt", "fine\n");
  for (const name of unreadableNames) {
    tree.file(Buffer.concat([Buffer.from("files/"), name]), "never read\n");
    tree.folder(Buffer.concat([Buffer.from("folders/"), name]));
  }
  return { ...sources, sourceContents, unreadable: tree.root, unreadableEntries: 2 * unreadableNames.length };
}

function addUnseen(source: string): void {
  const tree = new TreeWriter(source);
  for (const name of unreadableNames) {
    rmSync(tree.at(Buffer.concat([Buffer.from("odd/"), name])));
    rmSync(tree.at(Buffer.concat([Buffer.from("odd folders/"), name])), { recursive: true });
  }
  for (const name of refusedNames) tree.file(`refused/${name}`, "odd name\n", modified);
  tree.file("refused/a:b/inside.txt", "odd name\n", modified);
  tree.file("refused/what a point holds", "a.", modified);
  tree.file("refused/what a tilde holds", "~", modified);
  tree.folder("links");
  symlinkSync("../documents/readme.txt", tree.at("links/file"));
  symlinkSync("../photos", tree.at("links/folder"));
  symlinkSync("nowhere", tree.at("links/dangling"));
}
