/**
 * Where a repository can be made on the server that serves this page, or "" if it hosts none. The embedded server says so in
 * a header of the page itself, with the folder of its repositories.
 */
export async function proposeAddress(): Promise<string> {
  try {
    const response = await fetch(document.baseURI, { method: "HEAD", credentials: "omit", cache: "no-store" });
    const folder = response.headers.get("Holdall-Repositories");
    if (folder === null) return "";
    const url = new URL(folder, document.baseURI);
    return url.origin === location.origin ? `${url.href}backup/` : "";
  } catch {
    // Offline, or no fetch at all here: the field starts empty, as on any other server.
    return "";
  }
}
