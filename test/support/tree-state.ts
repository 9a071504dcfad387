import { execFileSync } from "node:child_process";
import type { Peer } from "./peers.ts";

/** Everything below a folder by its raw path (a character a byte): what it is, its content, mode, owner, times, links. */
export type TreeState = Map<string, string>;

const script = `
import hashlib, json, os, stat, sys
root = os.fsencode(sys.argv[1])
first_of = {}
def describe(path):
    s = os.lstat(path)
    kind = stat.S_IFMT(s.st_mode)
    fields = ["mode %o" % s.st_mode, "owner %d:%d" % (s.st_uid, s.st_gid), "mtime %d" % s.st_mtime_ns]
    relative = os.path.relpath(path, root).decode("latin-1")
    if kind == stat.S_IFREG:
        with open(path, "rb") as file: fields.append(hashlib.sha256(file.read()).hexdigest())
        fields.append("linked to " + first_of.setdefault((s.st_dev, s.st_ino), relative) if s.st_nlink > 1 else "one link")
    if kind == stat.S_IFLNK: fields.append("to " + os.readlink(path).decode("latin-1"))
    if kind in (stat.S_IFCHR, stat.S_IFBLK): fields.append("device %d" % s.st_rdev)
    for name in sorted(os.listxattr(path, follow_symlinks=False)):
        fields.append("xattr %s=%s" % (name, os.getxattr(path, name, follow_symlinks=False).hex()))
    print(json.dumps([relative, ", ".join(fields)]))
for folder, folders, files in os.walk(root):
    folders.sort()
    for name in sorted(folders + files): describe(os.path.join(folder, name))
`;

/** Reads every file, by Python. */
export function treeState(python: Peer, root: string): TreeState {
  const output = execFileSync(python.path, ["-c", script, root], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return new Map(
    output
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as [string, string]),
  );
}
