import type { ErrorContext } from "../../core/base/errors.ts";
import type { OpenProgress } from "../../workers/repository-api.ts";

export const connectText = {
  title: "Open a repository",
  createTitle: "Create a repository",
  recentsTitle: "Your repositories",
  lead: "Your files and passwords stay in this browser. The server only ever holds sealed data.",
  address: "Address",
  addressHint: "As restic knows it, for example rest:https://nas.home:8000/photos/",
  addressTakenApart: "The login that was in the address moved to the fields below.",
  addressMissing: "Type the address of the repository.",
  serverLegend: "Server login",
  serverHint: "Lets you in at the server. Leave it empty if the server asks for none.",
  loginNeeded: "The server asks for a login. It is not the password of the repository.",
  username: "User name",
  serverPassword: "Server password",
  repositoryLegend: "Repository password",
  repositoryHint: "Opens the sealed data. The server never sees it.",
  newRepositoryHint: "Seals everything that goes into the repository. The server never sees it.",
  password: "Password",
  newPassword: "New password",
  repeatPassword: "The same again",
  passwordMissing: "Type the password of the repository.",
  newPasswordMissing: "Choose a password.",
  passwordsDiffer: "The two passwords differ.",
  passwordBlanks: "The password begins or ends with a blank, which nobody sees on paper. Choose one without.",
  passwordShort: "Short passwords can be guessed by a program. Four or five words in a row are better.",
  loginLapsed: "The server does not accept the login that was kept here. Type it again.",
  wrongOrLapsed:
    "Wrong password: it does not open the login that is kept here. If it was changed on another device, type the login for the server again as well.",
  showPassword: "Show what is typed",
  format: "Format",
  formats: {
    2: { name: "Format 2", hint: "Compresses. Needs restic 0.14 or newer." },
    1: { name: "Format 1", hint: "For older programs. No compression." },
  },
  lossTitle: "A lost password is lost data",
  lossBody:
    "Nobody can open the repository without it: not the server, not Holdall, not restic. Write it down where you will find it.",
  open: "Open",
  create: "Create repository",
  opening: "Unlocking…",
  creating: "Creating…",
  cancel: "Cancel",
  toRecents: "Back to your repositories",
  toServer: "Open another repository",
  toFolder: "Open a folder on this computer",
  toCreate: "Create a repository",
  others: "Something else",
  where: "Where",
  onServer: "On a server",
  inFolder: "In a folder on this computer",
  folder: "Repository folder",
  folderHint: "A USB disk or a synced folder with a restic repository in it.",
  newFolderHint: "An empty folder, on a USB disk for example.",
  chooseFolder: "Choose a folder…",
  otherFolder: "Choose another folder…",
  folderMissing: "Choose the folder of the repository.",
  folderRefused: "The browser was not allowed to use this folder. Try again, and allow it when it asks.",
  recentAt: (host: string, when: string, offline: boolean) =>
    `${host} · opened ${when}${offline ? " · offline copy" : ""}`,
  recentFolder: "folder on this computer",
  examine: "Find out why",
  partMissing: "A part of the page did not load. Reload it when the network is back.",
  settings: "Settings",
  createHere: "Create one here",
  openIt: "Open it",
  secureTitle: "This page was not loaded over https",
  secureBody:
    "Browsers then lock away the cryptography that Holdall needs. Open it over https, or on this same computer as localhost.",
} as const;

const phases: Record<OpenProgress["phase"], string> = {
  keys: "Trying the password on the keys",
  config: "Reading the settings",
  locks: "Looking at locks",
};

export function openPhaseText({ phase }: OpenProgress): string {
  return phases[phase];
}

const programs: Readonly<Record<string, string>> = {
  sftp: "SFTP",
  s3: "S3",
  b2: "Backblaze B2",
  azure: "Azure",
  gs: "Google Cloud Storage",
  swift: "Swift",
  rclone: "rclone",
};

/** Why a pasted address is none, and what works instead. */
export function addressRefusal({ reason, backend }: ErrorContext): string {
  if (reason === "other-backend") {
    const name = programs[String(backend)] ?? String(backend);
    return `This is an address for ${name}. A web page can only speak to a REST server: let rest-server or “rclone serve restic” serve the repository, and type its address.`;
  }
  if (reason === "local-path") {
    return "This is a folder on a computer. If it is this one, choose “Open a folder on this computer” below.";
  }
  if (reason === "query-or-fragment") return "The address of a repository has no ? or # in it.";
  return "This is no address of a REST server. It looks like https://nas.home:8000/photos/.";
}
