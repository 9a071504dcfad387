/**
 * The mode of a node is Go's os.FileMode: permissions in the low nine bits as Unix has them, everything else elsewhere
 * (FORMAT.md 10). These functions say it as other programs do.
 */

/** Go's bit, the Unix bit, where it shows, and how if the execute bit beside it is set. */
const specialBits = [
  { go: 2 ** 23, unix: 0o4000, place: 2, letter: "s" },
  { go: 2 ** 22, unix: 0o2000, place: 5, letter: "s" },
  { go: 2 ** 20, unix: 0o1000, place: 8, letter: "t" },
] as const;

/** The low twelve bits of st_mode: permissions, set-user-id, set-group-id, sticky. */
export function unixPermissions(goMode: number): number {
  return specialBits.reduce((mode, { go, unix }) => (hasBit(goMode, go) ? mode | unix : mode), goMode & 0o777);
}

/** As ls writes them: "rwxr-xr-x", with s and t where they belong. */
export function permissionsText(goMode: number): string {
  const letters = Array.from("rwxrwxrwx", (letter, i) => ((goMode >> (8 - i)) & 1 ? letter : "-"));
  for (const { go, place, letter } of specialBits) {
    if (hasBit(goMode, go)) letters[place] = letters[place] === "x" ? letter : letter.toUpperCase();
  }
  return letters.join("");
}

function hasBit(goMode: number, bit: number): boolean {
  return (goMode & bit) !== 0;
}
