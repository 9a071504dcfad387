import type { NodeType } from "../../workers/repository-api.ts";
import type { Shown } from "../state/file-preview.svelte.ts";
import { countOf, countText, percentText, sizeText } from "./amounts.ts";

export const filesText = {
  title: "Files",
  loading: "Reading the folder",
  crumbs: "Where you are",
  root: "Snapshot",
  tree: "Folders",
  name: "Name",
  size: "Size",
  changed: "Changed",
  sortBy: (column: string) => `Sort by ${column.toLowerCase()}`,
  empty: "This folder is empty.",
  none: "No snapshot yet, so there are no files to look at.",
  grid: "Files and folders",
  things: (count: number, total: { bytes: number; complete: boolean }) =>
    `${countOf(count, "thing", "things")}${total.bytes === 0 ? "" : ` · ${atLeast(total)}`}`,
  measuring: "Measuring folders",
  selected: (count: number, total: { bytes: number; complete: boolean }) =>
    `${countOf(count, "thing", "things")}${total.bytes === 0 ? "" : `, ${atLeast(total)}`}`,
  isSelected: "selected",
  share: (bytes: number, of: number) => (of === 0 ? "" : percentText(bytes / of)),
  select: (name: string) => `Select ${name}`,
  selectColumn: "Selected",
  clear: "Clear the selection",
  download: "Download",
  downloadNamed: (name: string) => `Download ${name}`,
  detailsNamed: (name: string) => `Details of ${name}`,
  save: "Save…",
  saveAll: "Save this folder…",
  saveShort: "Save…",
  linkTo: (target: string) => `to ${target}`,
  keys: "Arrows move, Enter opens, Space selects, Backspace goes up.",
  snapshotOf: (host: string, when: string) => `${host}, ${when}`,
  offlineTitle: "This folder needs the network",
  offlineBody: "It was not looked at before on this device, and there is no answer from the network now.",
  offlineAdvice: "What was opened before can still be looked through. Nothing is lost.",
} as const;

function atLeast({ bytes, complete }: { bytes: number; complete: boolean }): string {
  return complete ? sizeText(bytes) : `${sizeText(bytes)} and more`;
}

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
  save: "Save…",
  bytes: (count: number) => countOf(count, "byte", "bytes"),
  holds: "Holds",
  files: (count: number) => countOf(count, "file", "files"),
  target: "Leads to",
  permissions: "Permissions",
  owner: "Owner",
  place: "Place",
  close: "Close",
} as const;

type Other = Extract<Shown, { state: "other" }>["family"];

const others: Record<Other, string> = {
  audio: "Sound. There is no preview of it.",
  video: "A film. There is no preview of it.",
  archive: "An archive. There is no preview of it.",
  document: "A document. There is no preview of it.",
  program: "A program. It is never run here.",
  image: "A picture of a kind that browsers do not show.",
  binary: "Not text, and no picture that a browser shows.",
  disguised: "The name says one thing and the content another, so it is not shown.",
  empty: "This file is empty.",
  "large-image": "A picture of more than 20 MB is not shown here.",
};

export const previewText = {
  title: "Preview",
  loading: "Fetching the preview",
  image: (name: string) => `Picture: ${name}`,
  pixels: (width: number, height: number) => `${countText(width)} × ${countText(height)} pixels`,
  damaged: "The browser cannot draw this picture. It may be damaged, or of a kind that it does not know.",
  text: (name: string) => `Beginning of ${name}`,
  inPart: (shown: number, total: number) => `Shown in part: the first ${sizeText(shown)} of ${sizeText(total)}.`,
  encoding: (encoding: string) => `Read as ${encoding}.`,
  failed: "There is no preview",
  retry: "Try again",
  other: (family: Other) => others[family],
} as const;
