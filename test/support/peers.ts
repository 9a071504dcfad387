import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The real programs that Holdall is measured against. */
export type PeerName =
  | "restic-0.14"
  | "restic-0.18"
  | "rest-server"
  | "rclone"
  | "unzip"
  | "tar"
  | "python"
  | "caddy"
  | "nginx"
  | "chromium"
  | "firefox";

/** A peer that is on this machine and says that it is the right version. */
export interface Peer {
  name: PeerName;
  path: string;
  /** As the program prints it, for example "0.14.0". */
  version: string;
}

interface PeerDescription {
  /** Names of the program on PATH. */
  programs: readonly string[];
  versionArguments: readonly string[];
  /** Its first group is the version; a program that prints anything else is another version and not this peer. */
  versionPattern: RegExp;
}

const descriptions: Readonly<Record<PeerName, PeerDescription>> = {
  "restic-0.14": { programs: ["restic"], versionArguments: ["version"], versionPattern: /^restic (0\.14\.0) / },
  "restic-0.18": { programs: ["restic"], versionArguments: ["version"], versionPattern: /^restic (0\.18\.0) / },
  "rest-server": {
    programs: ["restic-rest-server", "rest-server"],
    versionArguments: ["--version"],
    versionPattern: /rest-server (0\.13\.\d+) /,
  },
  rclone: { programs: ["rclone"], versionArguments: ["version"], versionPattern: /^rclone v(1\.[\d.]+)/ },
  unzip: { programs: ["unzip"], versionArguments: ["-v"], versionPattern: /^UnZip ([\d.]+) / },
  tar: { programs: ["tar"], versionArguments: ["--version"], versionPattern: /^tar \(GNU tar\) ([\d.]+)/ },
  python: { programs: ["python3"], versionArguments: ["--version"], versionPattern: /^Python (3\.[\d.]+)/ },
  // What stands in front of a server: the README's recipes are tried on these.
  caddy: { programs: ["caddy"], versionArguments: ["version"], versionPattern: /^v?(2\.[\d.]+)/ },
  nginx: { programs: ["nginx"], versionArguments: ["-v"], versionPattern: /^nginx version: nginx\/(1\.[\d.]+)/ },
  chromium: {
    programs: ["chromium", "chromium-browser", "google-chrome"],
    versionArguments: ["--version"],
    versionPattern: /(?:Chromium|Chrome) ([\d.]+)/,
  },
  firefox: {
    programs: ["firefox-esr", "firefox"],
    versionArguments: ["--version"],
    versionPattern: /Firefox ([\d.]+)/,
  },
};

export const peerNames = Object.keys(descriptions) as readonly PeerName[];

/** Where test/peers/install.ts puts programs that it downloads: `<folder>/<peer name>`. Not under version control. */
export const peersFolder = fileURLToPath(new URL("../../.peers/", import.meta.url));

const found = new Map<PeerName, Peer | null>();

/** The peer if it is in .peers or on PATH, else null. Looks once a process. */
export function findPeer(name: PeerName): Peer | null {
  const known = found.get(name);
  if (known !== undefined) return known;
  const peer = lookForPeer(name);
  found.set(name, peer);
  return peer;
}

/** Every peer by name; null for those that this machine does not have. */
export function peers(): Record<PeerName, Peer | null> {
  return Object.fromEntries(peerNames.map((name) => [name, findPeer(name)])) as Record<PeerName, Peer | null>;
}

/**
 * The peer, or null after a loud word on stderr: for `test.skipIf(requirePeer(…) === null)`. In continuous integration
 * (CI=true) a missing peer is an error, so that no check is ever left out there unseen.
 */
export function requirePeer(name: PeerName): Peer | null {
  const peer = findPeer(name);
  if (peer !== null) return peer;
  const message = `MISSING PEER ${name}: run \`npx tsx test/peers/install.ts\`, or put it on PATH`;
  if (process.env["CI"] === "true") throw new Error(message);
  process.stderr.write(`\n*** ${message}; the checks that need it are SKIPPED ***\n\n`);
  return null;
}

/** Forgets what was found, after an installation. */
export function forgetPeers(): void {
  found.clear();
}

function lookForPeer(name: PeerName): Peer | null {
  const { programs } = descriptions[name];
  const path = process.env["PATH"] ?? "";
  // Debian keeps nginx where only root's PATH may lead.
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), "/usr/sbin"];
  const candidates = [
    join(peersFolder, name),
    ...programs.flatMap((program) => folders.map((folder) => join(folder, program))),
  ];
  for (const candidate of candidates) {
    const version = versionOf(name, candidate);
    if (version !== null) return { name, path: candidate, version };
  }
  return null;
}

/** The version that a program prints if it is this peer, else null. */
export function versionOf(name: PeerName, path: string): string | null {
  if (!isExecutable(path)) return null;
  const { versionArguments, versionPattern } = descriptions[name];
  const { stdout, stderr } = spawnSync(path, versionArguments, { encoding: "utf8", timeout: 30_000 });
  // nginx says it on stderr.
  return versionPattern.exec(stdout ?? "")?.[1] ?? versionPattern.exec(stderr ?? "")?.[1] ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
