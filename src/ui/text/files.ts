import type { NodeType } from "../../workers/repository-api.ts";
import { countOf, sizeText } from "./amounts.ts";

export const filesText = {
  title: "Files",
  loading: "Reading the folder",
  crumbs: "Where you are",
  root: "Snapshot",
  name: "Name",
  size: "Size",
  changed: "Changed",
  sortBy: (column: string) => `Sort by ${column.toLowerCase()}`,
  empty: "This folder is empty.",
  none: "No snapshot yet, so there are no files to look at.",
  grid: "Files and folders",
  up: "Up",
  things: (count: number, bytes: number) =>
    bytes === 0 ? countOf(count, "thing", "things") : `${countOf(count, "thing", "things")} · ${sizeText(bytes)}`,
  selected: (count: number, bytes: number, hasFolders: boolean) => {
    const size = bytes > 0 ? `, ${sizeText(bytes)}${hasFolders ? " and folders" : ""}` : "";
    return `${countOf(count, "thing", "things")} selected${size}`;
  },
  select: (name: string) => `Select ${name}`,
  selectColumn: "Selected",
  clear: "Clear",
  download: "Download",
  downloadNamed: (name: string) => `Download ${name}`,
  openNamed: (name: string) => `Open ${name}`,
  restore: "Restore to a folder",
  restoreAll: "Restore this folder",
  restoreShort: "Restore",
  linkTo: (target: string) => `to ${target}`,
  keys: "Arrows move, Enter opens, Space selects, Backspace goes up.",
  snapshotOf: (host: string, when: string) => `${host}, ${when}`,
} as const;

export const restoreText = {
  title: "Restore to a folder",
  what: (count: number, name: string | null) => (name === null ? countOf(count, "thing", "things") : name),
  body: "Choose a folder on this computer. What is restored is put into it under its own name.",
  overwrite: "Replace files that are already there",
  overwriteHint: "Otherwise they stay as they are and are listed at the end.",
  choose: "Choose a folder…",
  cancel: "Cancel",
  unsupportedTitle: "This browser cannot write into a folder",
  unsupportedBody: "Chrome and Edge on a computer can. Here you can still download files one by one.",
  close: "Close",
} as const;

const kinds: Record<NodeType, string> = {
  file: "File",
  dir: "Folder",
  symlink: "Link",
  dev: "Block device",
  chardev: "Character device",
  fifo: "Pipe",
  socket: "Socket",
  irregular: "Special file",
  unknown: "Unknown kind",
};

export function kindText(type: NodeType): string {
  return kinds[type];
}

export const detailsText = {
  title: "Details",
  open: "Open",
  restore: "Restore…",
  bytes: "bytes",
  target: "Leads to",
} as const;
