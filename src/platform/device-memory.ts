import { parseId } from "../core/base/id.ts";

/** What a device that is the user's own keeps for the page. On somebody else's there is none of it. */
export interface DeviceMemory {
  settings: DeviceSettings;
  /** The last opened first. */
  recents: readonly Recent[];
}

export type Theme = "system" | "light" | "dark";

export interface DeviceSettings {
  /** Locks after so many minutes without a sign of life; null: never. */
  idleMinutes: number | null;
  theme: Theme;
  /** Room for the sealed copy of each repository; 0: none is kept. */
  budgetBytes: number;
  /** Tells the end of a job that runs while nobody looks, by a notice of the system. */
  notifies: boolean;
}

/** A repository that was opened here: its address and label, and no more; all else that is kept is sealed. */
export interface Recent {
  /** The address; for a folder, which has none, a random one. */
  id: string;
  place: RecentPlace;
  label: string;
  lastOpenedMs: number;
  /** Under which sets and locks are kept. Two places may hold one repository. */
  repositoryId?: string;
}

export type RecentPlace = { kind: "rest"; url: string } | { kind: "folder"; handle: FileSystemDirectoryHandle };

export const defaultSettings: DeviceSettings = {
  idleMinutes: 15,
  theme: "system",
  budgetBytes: 500_000_000,
  notifies: false,
};

const mostRecents = 30;
const mostBudgetBytes = 1e12;
const longestLabel = 200;
const longestUrl = 2000;

/** Reads what storage gave. Storage is outside data: what is not as it must be is left out; null if nothing is there. */
export function deviceMemoryOf(stored: unknown): DeviceMemory | null {
  if (!isRecord(stored)) return null;
  const recents = Array.isArray(stored["recents"]) ? stored["recents"] : [];
  return {
    settings: settingsOf(stored["settings"]),
    recents: recents
      .map(recentOf)
      .filter((recent) => recent !== null)
      .slice(0, mostRecents),
  };
}

function settingsOf(stored: unknown): DeviceSettings {
  const { idleMinutes, theme, budgetBytes, notifies } = isRecord(stored) ? stored : {};
  return {
    idleMinutes:
      idleMinutes === null || (isCount(idleMinutes) && idleMinutes > 0) ? idleMinutes : defaultSettings.idleMinutes,
    theme: theme === "light" || theme === "dark" ? theme : defaultSettings.theme,
    budgetBytes: isCount(budgetBytes) && budgetBytes <= mostBudgetBytes ? budgetBytes : defaultSettings.budgetBytes,
    notifies: notifies === true,
  };
}

function recentOf(stored: unknown): Recent | null {
  if (!isRecord(stored)) return null;
  const place = placeOf(stored["place"]);
  const { id, label, lastOpenedMs, repositoryId } = stored;
  if (place === null || typeof id !== "string" || typeof label !== "string" || !isCount(lastOpenedMs)) return null;
  const recent = { id, place, label: label.slice(0, longestLabel), lastOpenedMs };
  return typeof repositoryId === "string" && parseId(repositoryId) !== null ? { ...recent, repositoryId } : recent;
}

function placeOf(stored: unknown): RecentPlace | null {
  if (!isRecord(stored)) return null;
  const { kind, url, handle } = stored;
  if (kind === "rest" && typeof url === "string" && isBareUrl(url)) return { kind, url };
  if (kind === "folder" && isFolderHandle(handle)) return { kind, handle };
  return null;
}

function isBareUrl(text: string): boolean {
  if (text.length > longestUrl || !URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}

function isFolderHandle(value: unknown): value is FileSystemDirectoryHandle {
  return typeof FileSystemDirectoryHandle === "function" && value instanceof FileSystemDirectoryHandle;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
