import { describe, expect, test } from "vitest";
import { type BackupRules, noRules } from "../../../../src/core/archiver/backup-rules.ts";
import { compileRules } from "../../../../src/core/archiver/rule-selection.ts";
import type { ExclusionReason } from "../../../../src/core/archiver/selection.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import type { SourceEntry } from "../../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";

const signature = "Signature: 8a477f597d28d172789f06886806bc55";

function file(content: string, unreadable = false) {
  return { bytes: utf8(content), modifiedMs: 0, unreadable };
}

/** Why each entry of a folder is left out; those that are not are missing. */
async function reasons(
  tree: MemoryTree,
  rules: Partial<BackupRules>,
  path = ["Documents"],
): Promise<Record<string, ExclusionReason>> {
  const { signal } = new AbortController();
  const entries: SourceEntry[] = [];
  for await (const entry of new MemoryFolder(tree).entries()) entries.push(entry);
  const selected = await compileRules({ ...noRules, ...rules }).inFolder(path.map(rawNameOf), entries, signal);
  const found: Record<string, ExclusionReason> = {};
  for (const entry of entries) {
    const size = entry.kind === "file" ? (await entry.open(signal)).size : -1;
    const reason = selected.reasonFor(entry) ?? selected.reasonForSize(size);
    if (reason !== null) found[entry.name] = reason;
  }
  return found;
}

describe("rules", () => {
  test("without anything in them leave out nothing", async () => {
    expect(await reasons({ a: file("a"), "CACHEDIR.TAG": file(signature) }, {})).toEqual({});
  });

  test("see the root's name as the first of the path, and leave out what is in a root that a pattern matches", async () => {
    const tree = { a: file("a"), b: file("b") };
    expect(await reasons(tree, { exclude: ["/Documents/a"] })).toEqual({ a: "pattern" });
    expect(await reasons(tree, { exclude: ["Docu*"] })).toEqual({ a: "pattern", b: "pattern" });
    expect(await reasons(tree, { exclude: ["Documents", "!Documents/b"] })).toEqual({ a: "pattern" });
  });

  test("leave out what either list of patterns matches: a negated one speaks for its own list only", async () => {
    const rules = { exclude: ["*.TMP", "!a.TMP"], iexclude: ["*.tmp", "!b.tmp"] };
    const tree = { "a.TMP": file(""), "b.TMP": file(""), "c.tmp": file(""), "d.txt": file("") };
    expect(await reasons(tree, rules)).toEqual({ "a.TMP": "pattern", "b.TMP": "pattern", "c.tmp": "pattern" });
  });

  test("leave out all but the tag of a cache, if its content says that it is one", async () => {
    const rules = { excludeCaches: true };
    const others = { a: file(""), b: {} };
    const tagged = { "CACHEDIR.TAG": file(`${signature}\n# by a browser`), ...others };
    expect(await reasons(tagged, rules)).toEqual({ a: "cache", b: "cache" });
    for (const content of ["", signature.slice(1), signature.slice(0, -1), ` ${signature}`]) {
      expect(await reasons({ "CACHEDIR.TAG": file(content), ...others }, rules), content).toEqual({});
    }
  });

  test("believe no marker that cannot be read, and no folder to have a header", async () => {
    const rules = { excludeIfPresent: [{ name: ".nobackup", header: "x" }] };
    expect(await reasons({ ".nobackup": file("xy", true), a: file("") }, rules)).toEqual({});
    expect(await reasons({ ".nobackup": { x: file("x") }, a: file("") }, rules)).toEqual({});
  });

  test("take for a marker whatever has its name, if there is no header; of two each leaves out the other", async () => {
    const excludeIfPresent = ["one", "two"].map((name) => ({ name, header: "" }));
    expect(await reasons({ one: {}, a: file("") }, { excludeIfPresent })).toEqual({ a: "marker" });
    expect(await reasons({ one: {}, two: file("") }, { excludeIfPresent })).toEqual({ one: "marker", two: "marker" });
  });

  test("see a marker that a pattern leaves out", async () => {
    const rules = { excludeIfPresent: [{ name: ".nobackup", header: "" }], exclude: [".*"] };
    expect(await reasons({ ".nobackup": file(""), a: file("") }, rules)).toEqual({
      ".nobackup": "pattern",
      a: "marker",
    });
  });

  test.each(["", ".", "..", "a/b"])("refuse a marker called %j", (name) => {
    const compile = () => compileRules({ ...noRules, excludeIfPresent: [{ name, header: "" }] });
    expect(compile).toThrow(HoldallError);
    expect(compile).toThrow(expect.objectContaining({ context: { pattern: name, reason: "marker" } }));
  });

  test("end with the signal's reason when it aborts while a marker is read", async () => {
    const controller = new AbortController();
    const name = rawNameOf("CACHEDIR.TAG");
    const open = async () => {
      controller.abort(new HoldallError("closed"));
      throw new DOMException("gone", "NotReadableError");
    };
    const selection = compileRules({ ...noRules, excludeCaches: true });
    const selecting = selection.inFolder([rawNameOf("r")], [{ kind: "file", name, open }], controller.signal);
    await expect(selecting).rejects.toMatchObject({ code: "closed" });
  });
});
