/** What a pasted address holds: the URL without credentials, and the login that was in it. */
export interface Address {
  url: string;
  login: { username: string; password: string } | null;
}

/**
 * Understands an address as people paste it: `rest:https://user:password@host/path`, a plain URL, `host:8000/path` without
 * a scheme (https, or http on this computer), quotes around it. Null if it is no address of a server.
 */
export function parseAddress(text: string): Address | null {
  const bare = withoutWrapping(text);
  if (bare === "" || /\s/.test(bare)) return null;
  const url = parseUrl(bare);
  if (url === null || url.hostname === "" || url.search !== "" || url.hash !== "") return null;
  const login = loginOf(url);
  url.username = "";
  url.password = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return { url: url.href, login };
}

/** A repository's name and host for the frame: "photos" at "nas.home:8000". */
export function placeOf(url: string): { name: string; host: string } {
  const parsed = parseUrl(url);
  if (parsed === null) return { name: url, host: "" };
  const folders = parsed.pathname.split("/").filter((part) => part !== "");
  const last = folders.at(-1);
  return last === undefined ? { name: parsed.host, host: "" } : { name: decoded(last), host: parsed.host };
}

function withoutWrapping(text: string): string {
  const unquoted = text.trim().replace(/^(["'])(.*)\1$/, "$2");
  return unquoted.replace(/^rest:/i, "").trim();
}

function parseUrl(text: string): URL | null {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") return null;
  const full = scheme === undefined ? `${schemeFor(text)}://${text.replace(/^\/\//, "")}` : text;
  return URL.canParse(full) ? new URL(full) : null;
}

function schemeFor(text: string): "http" | "https" {
  const host = text.replace(/^\/\//, "").replace(/^[^/@]*@/, "");
  return /^((?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(host) ? "http" : "https";
}

function loginOf(url: URL): Address["login"] {
  if (url.username === "" && url.password === "") return null;
  return { username: decoded(url.username), password: decoded(url.password) };
}

// A stray % that is no escape is a plain character.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
