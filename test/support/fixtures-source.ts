import { spawnSync } from "node:child_process";
import { chmodSync, linkSync, rmSync, symlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { oddNames, seededBytes, sortedNames, TreeWriter } from "./source-tree.ts";

const mebibyte = 1024 * 1024;

/** Fills a folder with the first state of what fixture repositories hold. */
export function makeFixtureSource(root: string): void {
  const tree = new TreeWriter(root);
  const random = seededBytes(1, 5 * mebibyte);
  tree.file("big.bin", Buffer.concat([random, Buffer.alloc(10 * mebibyte), random]));
  tree.file("docs/readme.txt", "hello restic\n");
  tree.file("docs/copy of readme.txt", "hello restic\n");
  tree.file("docs/deep/a/b/c/d/e/f/leaf.txt", "leaf\n");
  tree.file("docs/compressible.log", "The quick brown fox jumps over the lazy dog 0123456789\n".repeat(20_000));
  tree.file("docs/random.bin", seededBytes(7, 100_000));
  tree.file("empty/file", "");
  tree.folder("empty/dir");
  for (const [i, length] of [524_287, 524_288, 524_289].entries()) {
    tree.file(`sizes/${length}`, seededBytes(11 + i, length));
  }
  tree.file("sizes/zeros", Buffer.alloc(mebibyte));
  tree.file("sizes/one", "x");
  for (const name of oddNames) tree.file(Buffer.concat([Buffer.from("odd/"), Buffer.from(name)]), "odd name\n");
  for (const name of sortedNames) tree.file(`sort/${name}`, name);
  tree.file("cachedir/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
  tree.file("cachedir/cached.dat", "cached");
  tree.file("nobackup/.nobackup", "");
  tree.file("nobackup/hidden", "x");
  makeModes(tree);
  makeLinks(tree);
  makeTimes(tree);
}

/** What the folder's owner did between the first and the second backup. */
export async function changeFixtureSource(root: string): Promise<void> {
  const tree = new TreeWriter(root);
  const big = await open(join(root, "big.bin"), "r+");
  await big.write(seededBytes(99, 100), 0, 100, 3 * mebibyte);
  await big.close();
  tree.file("docs/new.txt", "added later\n");
  rmSync(join(root, "docs/random.bin"));
  tree.file("docs/readme.txt", "changed\n");
}

function makeModes(tree: TreeWriter): void {
  const file = (name: string, mode: number) => {
    tree.file(`modes/${name}`, name);
    chmodSync(tree.at(`modes/${name}`), mode);
  };
  file("set user", 0o4755);
  file("set group", 0o2711);
  file("read only", 0o444);
  // Only root's restic can read what nobody may.
  if (process.getuid?.() === 0) file("none", 0o000);
  tree.folder("modes/sticky");
  chmodSync(tree.at("modes/sticky"), 0o1777);
  chmodSync(tree.at("docs/readme.txt"), 0o640);
}

function makeLinks(tree: TreeWriter): void {
  tree.folder("links");
  const targets: Record<string, string | Buffer> = {
    relative: "../docs/readme.txt",
    absolute: "/nonexistent/target",
    dangling: "nowhere",
    quote: 'we"ird<&>\u2028',
    invalid: Buffer.from([0x66, 0xff, 0xfe, 0x6f]),
  };
  for (const [name, target] of Object.entries(targets)) symlinkSync(target, tree.at(`links/${name}`));
  linkSync(tree.at("docs/copy of readme.txt"), tree.at("links/hardlink"));
  succeed("mkfifo", [join(tree.root, "links/fifo")]);
  // Devices need rights that not even every root has: without them the fixture has none.
  spawnSync("mknod", [join(tree.root, "links/null"), "c", "1", "3"]);
}

/** Nanoseconds, before 1970, and further ahead than 32 bits reach. */
function makeTimes({ root }: TreeWriter): void {
  succeed("find", [root, "-depth", "-exec", "touch", "-h", "-d", "2023-05-06T07:08:09.123456789Z", "{}", "+"]);
  const touch = (path: string, time: string) => succeed("touch", ["-d", time, join(root, path)]);
  touch("sizes/one", "1969-12-31T23:59:58.5Z");
  touch("sizes/524288", "2286-11-20T17:46:40Z");
  touch("empty/file", "2024-01-01T00:00:00Z");
  touch("docs/compressible.log", "2024-02-29T12:00:00.100Z");
}

function succeed(program: string, args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}
