import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findPeer, forgetPeers, type PeerName, peerNames, peersFolder, requirePeer } from "../support/peers.ts";
import { downloadPrograms, hasApt, installPackages, type PackagedProgram } from "./debian.ts";

/**
 * Brings the real peers onto this machine: `npx tsx test/peers/install.ts`. At once when they are there. Where Debian's
 * packages cannot be had, PATH decides; a peer that is missing in the end fails in continuous integration and is a loud
 * word elsewhere.
 */
const packagedPrograms: Readonly<Partial<Record<PeerName, Omit<PackagedProgram, "target">>>> = {
  "restic-0.14": { suite: "bookworm", package: "restic", program: "usr/bin/restic" },
  "restic-0.18": { suite: "trixie", package: "restic", program: "usr/bin/restic" },
  "rest-server": { suite: "trixie", package: "restic-rest-server", program: "usr/bin/restic-rest-server" },
  rclone: { suite: "bookworm", package: "rclone", program: "usr/bin/rclone" },
  unzip: { suite: "bookworm", package: "unzip", program: "usr/bin/unzip" },
  caddy: { suite: "bookworm", package: "caddy", program: "usr/bin/caddy" },
  nginx: { suite: "bookworm", package: "nginx", program: "usr/sbin/nginx" },
};

/** More than one file each, so that these are truly installed. */
const installedPackages: Readonly<Partial<Record<PeerName, string>>> = {
  python: "python3",
  tar: "tar",
  chromium: "chromium",
  firefox: "firefox-esr",
};

async function installPeers(): Promise<void> {
  const missing = peerNames.filter((name) => findPeer(name) === null);
  if (missing.length > 0 && hasApt()) await install(missing);
  forgetPeers();
  for (const name of peerNames) {
    const peer = requirePeer(name);
    if (peer !== null) console.log(`${peer.name} ${peer.version} at ${peer.path}`);
  }
}

async function install(missing: readonly PeerName[]): Promise<void> {
  console.log(`getting ${missing.join(", ")}`);
  await mkdir(peersFolder, { recursive: true });
  const programs = missing.flatMap((name) => {
    const packaged = packagedPrograms[name];
    return packaged ? [{ ...packaged, target: join(peersFolder, name) }] : [];
  });
  await downloadPrograms(programs);
  const packages = missing.flatMap((name) => installedPackages[name] ?? []);
  if (packages.length > 0) installPackages(packages);
}

await installPeers();
