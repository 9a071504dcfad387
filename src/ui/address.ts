/** A repository's name and host for the frame: "photos" at "nas.home:8000". */
export function placeOf(url: string): { name: string; host: string } {
  if (!URL.canParse(url)) return { name: url, host: "" };
  const { host, pathname } = new URL(url);
  const last = pathname
    .split("/")
    .filter((part) => part !== "")
    .at(-1);
  return last === undefined ? { name: host, host: "" } : { name: decoded(last), host };
}

// A stray % that is no escape is a plain character.
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
