import { locale } from "./amounts.ts";

/** What the recovery sheet says; the password is never among it. */
export interface RecoveryFacts {
  place: { kind: "rest"; url: string; hasLogin: boolean } | { kind: "folder"; name: string };
  repositoryId: string;
  keyId: string;
  createdMs: number;
}

export const recoveryText = {
  title: "Recovery sheet",
  lead: "The repository is made. Keep this sheet where you will find it in a bad year: with it and the password, anybody can get your files back, without Holdall and without this browser.",
  address: "Address",
  folder: "Folder",
  repositoryId: "Repository id",
  keyId: "Key id",
  created: "Made on",
  password: "Password",
  passwordHint: "Write it in by hand, on paper only. It is nowhere else: a lost password is lost data.",
  serverUser: "Server login",
  howTitle: "To open it with restic",
  howLead: "restic is a free program for every system, at restic.net. In a terminal:",
  secondTitle: "Add a second key",
  secondBody:
    "A repository can have several passwords. A second one, kept with somebody you trust, saves the day when the first is forgotten. restic asks for the old one, then for the new:",
  print: "Print",
  save: "Save as text",
  done: "Go on to the repository",
  again: "Recovery sheet",
} as const;

/** The commands that open the repository, as they are typed. */
export function openingCommands({ place }: RecoveryFacts): string[] {
  const location = locationOf(place);
  const login = place.kind === "rest" && place.hasLogin ? loginLines(place.url) : [];
  return [...login, `restic -r ${location} snapshots`, `restic -r ${location} restore latest --target restored`];
}

export function secondKeyCommand({ place }: RecoveryFacts): string {
  return `restic -r ${locationOf(place)} key add`;
}

export function recoveryDate(facts: RecoveryFacts): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(facts.createdMs);
}

/** The sheet as a plain text, to be saved or printed elsewhere. */
export function recoverySheet(facts: RecoveryFacts): string {
  const rows: [string, string][] = [
    facts.place.kind === "rest" ? [recoveryText.address, facts.place.url] : [recoveryText.folder, facts.place.name],
    [recoveryText.repositoryId, facts.repositoryId],
    [recoveryText.keyId, facts.keyId],
    [recoveryText.created, recoveryDate(facts)],
    ...(facts.place.kind === "rest" && facts.place.hasLogin
      ? [[recoveryText.serverUser, blank] as [string, string]]
      : []),
    [recoveryText.password, blank],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    `Holdall: ${recoveryText.title.toLowerCase()}`,
    "",
    ...rows.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`),
    "",
    recoveryText.passwordHint,
    "",
    `${recoveryText.howTitle}. ${recoveryText.howLead}`,
    "",
    ...openingCommands(facts).map((line) => `    ${line}`),
    "",
    `${recoveryText.secondTitle}. ${recoveryText.secondBody}`,
    "",
    `    ${secondKeyCommand(facts)}`,
    "",
  ].join("\n");
}

const blank = "______________________________";

/** restic reads the server's login from here, so that it is in no command line; 0.14 did not yet. */
function loginLines(url: string): string[] {
  const inAddress = url.replace("://", "://USER:PASSWORD@");
  return [
    "export RESTIC_REST_USERNAME=...",
    "export RESTIC_REST_PASSWORD=...",
    `# an old restic wants both in the address: rest:${inAddress}`,
  ];
}

function locationOf(place: RecoveryFacts["place"]): string {
  return place.kind === "rest" ? quoted(`rest:${place.url}`) : quoted(`/path/to/${place.name}`);
}

/** For a POSIX shell, only where it is needed. */
function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
