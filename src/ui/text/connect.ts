import type { OpenProgress } from "../../workers/repository-api.ts";

export const connectText = {
  title: "Open a repository",
  createTitle: "Create a repository",
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
  toCreate: "Create a repository instead",
  toOpen: "Open an existing repository instead",
  createHere: "Create one here",
  openIt: "Open it",
  secureTitle: "This page was not loaded over https",
  secureBody:
    "Browsers then lock away the cryptography that Holdall needs. Open it over https, or on this same computer as localhost.",
} as const;

const phases: Record<OpenProgress["phase"], string> = {
  keys: "Trying the password on the keys",
  config: "Reading the settings",
  index: "Reading the index",
  locks: "Looking at locks",
};

/** "Reading the index, 3 of 12". */
export function openPhaseText(progress: OpenProgress): string {
  const phase = phases[progress.phase];
  return progress.total > 1 ? `${phase}, ${progress.done} of ${progress.total}` : phase;
}
