import { utf8 } from "../base/bytes.ts";
import { BackendError } from "../base/errors.ts";

/** HTTP Basic login of a REST server; not the repository's password. */
export interface RestLogin {
  username: string;
  password: string;
}

export interface RestLocation {
  /** Absolute URL of the repository's folder: http or https, without credentials, ends with a slash. */
  url: string;
  login: RestLogin | null;
}

/**
 * Reads an address as restic has it: a URL, with or without "rest:" in front and a login inside. The login is taken out of
 * the URL. Throws BackendError "bad-address", which never quotes the address. What people paste: pasted-address.ts.
 */
export function parseRestLocation(text: string): RestLocation {
  const url = parseUrl(text.trim().replace(/^rest:/i, ""));
  const login = takeLogin(url);
  return { url: checkedUrl(url), login };
}

/** The normal form of a URL that must not hold a login. Throws BackendError "bad-address". */
export function normalRestUrl(text: string): string {
  const url = parseUrl(text);
  if (url.username !== "" || url.password !== "") throw badAddress("login-in-url");
  return checkedUrl(url);
}

/** True if what is sent there cannot be read on the way: https, or this machine itself. */
export function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return true;
  return isLoopback(hostname);
}

/** True for the host names that always mean this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname);
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw badAddress("not-a-url");
  return new URL(text);
}

function takeLogin(url: URL): RestLogin | null {
  if (url.username === "" && url.password === "") return null;
  const login = { username: unescaped(url.username), password: unescaped(url.password) };
  url.username = "";
  url.password = "";
  return login;
}

/** A stray % that is no escape is a plain character: passwords hold them, and people do not escape what they paste. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function checkedUrl(url: URL): string {
  if (url.protocol !== "http:" && url.protocol !== "https:") throw badAddress("scheme");
  if (url.search !== "" || url.hash !== "") throw badAddress("query-or-fragment");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

function badAddress(reason: string): BackendError {
  return new BackendError("bad-address", { reason });
}

/** The value of an Authorization header: HTTP Basic, its text in UTF-8. */
export function basicAuthorization({ username, password }: RestLogin): string {
  let binary = "";
  for (const byte of utf8(`${username}:${password}`)) binary += String.fromCharCode(byte);
  return `Basic ${btoa(binary)}`;
}
