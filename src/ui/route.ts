import type { NodePath } from "../workers/repository-api.ts";

/**
 * A place in the app. Browsers keep and sync their history, so its URL carries ids and node positions, never a name:
 * `#/r/<repository>/s/<snapshot>/3.12.0`.
 */
export type Route =
  | { page: "connect" }
  | { page: "snapshots"; repository: string }
  | { page: "files"; repository: string; snapshot: string | null; path: NodePath }
  | { page: "backup"; repository: string; at?: BackupPlace }
  | { page: "job"; repository: string; job: number }
  | { page: "settings" }
  | { page: "unknown" };

/** Within "Back up"; without one it is the list of sets. A set's id is random and says nothing. */
export type BackupPlace = { view: "new" | "series" } | { view: "edit" | "preview" | "history"; set: string };

export type PageName = Route["page"];

export function hrefOf(route: Route): string {
  switch (route.page) {
    case "connect":
    case "unknown":
      return "#/";
    case "settings":
      return "#/settings";
    case "snapshots":
      return `#/r/${shortId(route.repository)}`;
    case "backup":
      return `#/r/${shortId(route.repository)}/backup${placeOf(route.at)}`;
    case "job":
      return `#/r/${shortId(route.repository)}/job/${route.job}`;
    case "files":
      return filesHref(route.repository, route.snapshot, route.path);
  }
}

export function parseRoute(hash: string): Route {
  const parts = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .filter((part) => part !== "");
  if (parts.length === 0) return { page: "connect" };
  const [root, repository, place, argument, path] = parts;
  if (root === "settings" && parts.length === 1) return { page: "settings" };
  if (root !== "r" || repository === undefined || !isIdStart(repository)) return { page: "unknown" };
  if (place === undefined) return { page: "snapshots", repository };
  if (place === "backup" && parts.length <= 5) return backupRoute(repository, argument, path);
  if (place === "files" && parts.length === 3) return { page: "files", repository, snapshot: null, path: [] };
  if (place === "job" && parts.length === 4) return jobRoute(repository, argument);
  if (place === "s" && parts.length <= 5) return snapshotRoute(repository, argument, path);
  return { page: "unknown" };
}

/** True if the (possibly shortened) id of a route means this id. */
export function idMatches(routeId: string, id: string): boolean {
  return id.startsWith(routeId);
}

// 64 bits: enough to name one of many snapshots without a second look, short enough to read in the address bar.
const shortLength = 16;

function shortId(id: string): string {
  return id.slice(0, shortLength);
}

function filesHref(repository: string, snapshot: string | null, path: NodePath): string {
  if (snapshot === null) return `#/r/${shortId(repository)}/files`;
  const place = `#/r/${shortId(repository)}/s/${shortId(snapshot)}`;
  return path.length === 0 ? place : `${place}/${path.join(".")}`;
}

function snapshotRoute(repository: string, snapshot: string | undefined, path: string | undefined): Route {
  if (snapshot === undefined || !isIdStart(snapshot)) return { page: "unknown" };
  const positions = path === undefined ? [] : path.split(".").map(positionOf);
  if (positions.some(Number.isNaN)) return { page: "unknown" };
  return { page: "files", repository, snapshot, path: positions };
}

function placeOf(at: BackupPlace | undefined): string {
  if (at === undefined) return "";
  return "set" in at ? `/${at.view}/${at.set}` : `/${at.view}`;
}

function backupRoute(repository: string, view: string | undefined, set: string | undefined): Route {
  if (view === undefined) return { page: "backup", repository };
  if (set === undefined) {
    return view === "new" || view === "series" ? { page: "backup", repository, at: { view } } : { page: "unknown" };
  }
  if ((view !== "edit" && view !== "preview" && view !== "history") || !/^[\w-]{1,64}$/.test(set))
    return { page: "unknown" };
  return { page: "backup", repository, at: { view, set } };
}

function jobRoute(repository: string, argument: string | undefined): Route {
  const job = positionOf(argument ?? "");
  return Number.isNaN(job) ? { page: "unknown" } : { page: "job", repository, job };
}

function isIdStart(text: string): boolean {
  return /^[0-9a-f]{8,64}$/.test(text);
}

function positionOf(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
