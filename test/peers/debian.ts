import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program out of one suite of Debian, wanted as a single file. */
export interface PackagedProgram {
  suite: string;
  package: string;
  /** Path of the program inside the package. */
  program: string;
  /** Where it goes. */
  target: string;
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** True if this machine has the tools that downloadPrograms needs. */
export function hasApt(): boolean {
  return ["apt-get", "dpkg"].every((tool) => spawnSync(tool, ["--version"]).status === 0);
}

/**
 * Gets single programs out of Debian packages of any suite without installing anything: apt downloads them with lists and
 * caches of its own, from a mirror that this machine is already set up with. A suite that cannot be had is reported and left out.
 */
export async function downloadPrograms(programs: readonly PackagedProgram[]): Promise<void> {
  const mirrors = configuredMirrors();
  for (const suite of new Set(programs.map((program) => program.suite))) {
    const wanted = programs.filter((program) => program.suite === suite);
    const got = await firstMirrorWith(mirrors, (mirror) => downloadFromSuite(mirror, suite, wanted));
    if (!got) console.error(`no configured mirror gave ${wanted.map((one) => one.package).join(", ")} of ${suite}`);
  }
}

/** Installs packages for good. Returns false, with apt's own words on stderr, where that is not possible. */
export function installPackages(packages: readonly string[]): boolean {
  if (process.getuid?.() !== 0) return false;
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    spawnSync("apt-get", args, { env: environment, stdio: ["ignore", "ignore", "inherit"] }).status === 0;
  return apt("update") && apt("install", "--yes", "--no-install-recommends", ...packages);
}

/** The archives of this machine's own apt, the distribution's before its security updates and other people's. */
function configuredMirrors(): string[] {
  const format = "$(RELEASE) $(REPO_URI)";
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", format, "Created-By: Packages"], {
    encoding: "utf8",
  });
  const targets = (stdout ?? "").split("\n").flatMap((line) => {
    const [release, uri] = line.split(" ");
    return release && uri ? [{ release, uri }] : [];
  });
  const isMain = (release: string) => /^[a-z]+$/.test(release);
  const ordered = [...targets.filter((one) => isMain(one.release)), ...targets.filter((one) => !isMain(one.release))];
  return [...new Set(ordered.map((one) => one.uri))];
}

async function firstMirrorWith(mirrors: string[], attempt: (mirror: string) => Promise<boolean>): Promise<boolean> {
  for (const mirror of mirrors) if (await attempt(mirror)) return true;
  return false;
}

async function downloadFromSuite(mirror: string, suite: string, programs: PackagedProgram[]): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "holdall-peers-"));
  try {
    const options = await privateApt(folder, mirror, suite);
    const apt = (...args: string[]) => runApt([...options, "--quiet", ...args], folder);
    if (!apt("update")) return false;
    if (!apt("download", ...programs.map((program) => program.package))) return false;
    for (const program of programs) await unpackProgram(folder, program);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runApt(args: string[], folder: string): boolean {
  const { status, stderr } = spawnSync("apt-get", args, { cwd: folder, encoding: "utf8", timeout: 300_000 });
  if (status !== 0) process.stderr.write(stderr ?? "apt-get did not run\n");
  return status === 0;
}

/** The options that keep apt away from the machine's own lists, caches and sources; signatures are checked as ever. */
async function privateApt(folder: string, mirror: string, suite: string): Promise<string[]> {
  for (const name of ["lists/partial", "cache/archives/partial"]) await mkdir(join(folder, name), { recursive: true });
  const signedBy = existsSync(keyring) ? `[signed-by=${keyring}] ` : "";
  const sources = join(folder, "sources.list");
  await writeFile(sources, `deb ${signedBy}${mirror} ${suite} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    // The folder is readable by its owner alone, so apt must not change to its own user.
    "APT::Sandbox::User": "",
    // Without this a failed download of the lists is only a warning.
    "APT::Update::Error-Mode": "any",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

async function unpackProgram(folder: string, program: PackagedProgram): Promise<void> {
  const names = await readdir(folder);
  const name = names.find((one) => one.startsWith(`${program.package}_`) && one.endsWith(".deb"));
  if (name === undefined) throw new Error(`apt-get download left no package ${program.package}`);
  const contents = join(folder, `${program.package}.contents`);
  const unpacked = spawnSync("dpkg", ["-x", join(folder, name), contents], { encoding: "utf8" });
  if (unpacked.status !== 0) throw new Error(`dpkg -x ${name}: ${unpacked.stderr}`);
  // Renamed into place, so that a second installation at the same time never meets half a program.
  const partial = `${program.target}.${process.pid}.partial`;
  await copyFile(join(contents, program.program), partial);
  await chmod(partial, 0o755);
  await rename(partial, program.target);
}
