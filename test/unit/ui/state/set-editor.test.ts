import { expect, test } from "vitest";
import { deskOn, pickedFiles, pickedHandle, pickedList } from "../../../support/backup-desk.ts";
import { backupRun, backupSetInfo } from "../../../support/backup-set.ts";
import { fakeSnapshot } from "../../../support/fake-repository-api.ts";

test("a second folder of the same name gets a name of its own", () => {
  const editor = deskOn().editors.begin();
  editor.add([pickedList("Documents"), pickedList("Documents"), pickedList("Documents")]);
  expect(editor.rootNames).toEqual(["Documents", "Documents 2", "Documents 3"]);
});

test("loose files are one source, however often they are picked", () => {
  const { desk, editors } = deskOn();
  const editor = editors.begin();
  editor.add([pickedList("Documents"), pickedFiles("a.jpg", "b.jpg")]);
  editor.add([pickedFiles("b.jpg", "c.jpg")]);
  const set = editor.build();
  expect(set.sources.map(({ rootName, kind }) => [rootName, kind])).toEqual([
    ["Documents", "folder"],
    ["Files", "files"],
  ]);
  const [, files] = desk.sourcesOf(set);
  expect(files?.addsToParent).toBe(true);
  expect(files?.folder.kind === "files" && files.folder.files.map(({ path }) => path[0])).toEqual([
    "a.jpg",
    "b.jpg",
    "c.jpg",
  ]);
});

test("names that a tree cannot hold are called wrong, and nothing can start", () => {
  const editor = deskOn().editors.begin();
  editor.hostname = "a-browser";
  editor.add([pickedList("one"), pickedList("two")]);
  const [first, second] = editor.sources;
  for (const name of ["", "  ", ".", "..", "a/b", "two"]) {
    if (first) first.rootName = name;
    expect(
      editor.rootProblems.some((problem) => problem !== null),
      name,
    ).toBe(true);
    expect(editor.ready, name).toBe(false);
  }
  if (first) first.rootName = "fine";
  expect(second?.rootName).toBe("two");
  expect(editor.ready).toBe(true);
});

test("the proposed host name continues a browser's series, else it is new in the repository", () => {
  const continued = deskOn().editors.begin();
  continued.proposeHostname(["nas", "maple-browser"]);
  expect(continued.hostname).toBe("maple-browser");
  const fresh = deskOn().editors.begin();
  fresh.proposeHostname(["nas"]);
  expect(fresh.hostname).toMatch(/^[a-z]+-browser$/);
  const proposed = fresh.hostname;
  fresh.proposeHostname(["another-browser"]);
  expect(fresh.hostname, "a name that stands there stays").toBe(proposed);
});

test("continuing a series that another program made needs a yes, for that parent alone", async () => {
  const parent = fakeSnapshot({ timeMs: 1, programVersion: "restic 0.18.0" });
  const editor = deskOn({ parent: { parent, invisibleEntries: 3 } }).editors.begin();
  editor.hostname = "nas";
  editor.add([pickedList("photos")]);
  await editor.inspectParent();
  expect(editor.foreignProgram).toBe("restic 0.18.0");
  expect(editor.ready).toBe(false);
  editor.foreignAgreed = true;
  expect(editor.ready).toBe(true);
  await editor.inspectParent();
  expect(editor.ready).toBe(false);
});

test("a set holds trimmed names, each tag once, its numbers, and no compression choice in format 1", () => {
  const info = { ...deskOn().repository.info, formatVersion: 1 as const };
  const editor = deskOn({ info }).editors.begin();
  editor.compression = "max";
  editor.hostname = " a-browser ";
  editor.tagText = "taxes, , 2026,taxes";
  editor.upload = "1,5";
  editor.reread = "";
  editor.reminder = "7";
  editor.rules.exclude = "# note\n*.iso\n";
  editor.add([pickedList("photos")]);
  expect(editor.build()).toMatchObject({
    name: "photos",
    hostname: "a-browser",
    tags: ["taxes", "2026"],
    compression: "auto",
    uploadLimit: 1_500_000,
    rereadEvery: null,
    reminderDays: 7,
    rules: { exclude: ["*.iso"] },
    sources: [{ rootName: "photos", kind: "folder" }],
  });
});

test("a number, a size or a pattern that cannot be read keeps a set from being kept", () => {
  const editor = deskOn().editors.begin();
  editor.hostname = "a-browser";
  editor.add([pickedList("photos")]);
  expect(editor.ready).toBe(true);
  editor.rules.exclude = "fine\nbad[";
  expect(editor.rules.excludeProblem).toContain("bad[");
  expect(editor.ready).toBe(false);
  editor.rules.exclude = "";
  for (const field of ["upload", "reread", "reminder"] as const) {
    const before = editor[field];
    editor[field] = "many";
    expect(editor.ready, field).toBe(false);
    editor[field] = before;
  }
  editor.rules.larger = "big";
  expect(editor.ready).toBe(false);
});

test("what an editor shows of a set is that set", () => {
  const info = backupSetInfo({
    name: "All of it",
    tags: ["a", "b"],
    compression: "max",
    packSizeBytes: 64 * 1024 * 1024,
    uploadLimit: 2_500_000,
    skipIfUnchanged: true,
    rereadEvery: null,
    reminderDays: 14,
    runsOnChange: true,
    rules: {
      exclude: ["*.iso", "!keep.iso"],
      iexclude: ["thumbs.db"],
      excludeCaches: true,
      excludeIfPresent: [{ name: "TAG", header: "with: colon" }],
      excludeLargerThanBytes: 1_234_567,
    },
  });
  const { desk, editors } = deskOn({ sets: [info] });
  return desk.reload().then(() => expect(editors.edit(info.set.id)?.build()).toEqual(info.set));
});

test("the names of a set are fixed by its first run, not by a dry one", async () => {
  const dry = backupSetInfo({ id: "d" }, { runs: [backupRun({ startedMs: 1, outcome: "dry-run" })] });
  const run = backupSetInfo({ id: "r", hostname: "other" }, { runs: [backupRun({ startedMs: 1, outcome: "failed" })] });
  const { desk, editors } = deskOn({ sets: [dry, run] });
  await desk.reload();
  expect(editors.edit("d")?.sources[0]?.isFixed).toBe(false);
  expect(editors.edit("r")?.sources[0]?.isFixed).toBe(true);
});

test("two sets never share host and paths, in whatever order the paths are", async () => {
  const taken = backupSetInfo({
    hostname: "a-browser",
    sources: ["one", "two"].map((rootName) => ({ id: rootName, rootName, kind: "folder" })),
  });
  const { desk, editors } = deskOn({ sets: [taken], parent: { parent: null, invisibleEntries: 0 } });
  await desk.reload();
  const editor = editors.begin();
  editor.hostname = "a-browser";
  editor.add([pickedList("two"), pickedList("one")]);
  expect(editor.twin?.id).toBe(taken.set.id);
  expect(editor.ready).toBe(false);
  editor.renameFromTwin();
  expect(editor.rootNames).toEqual(["two 2", "one"]);
  expect(editor.ready).toBe(true);
  editor.renameFromTwin();
  expect(editor.rootNames, "without a twin nothing is renamed").toEqual(["two 2", "one"]);
});

test("the very folder of a known set is recognised, another of its name is not", async () => {
  const known = backupSetInfo({ hostname: "a-browser" });
  const key = { setId: known.set.id, sourceId: "documents" };
  for (const [picked, isKnown] of [
    [pickedHandle("Documents"), true],
    [pickedList("Documents"), false],
  ] as const) {
    const { desk, editors, sources } = deskOn({ sets: [known] });
    await sources.keep(key, pickedHandle("Documents"));
    await desk.reload();
    const editor = editors.begin();
    editor.hostname = "a-browser";
    editor.add([picked]);
    await editor.recogniseTwin();
    expect(editor.twinAgreed).toBe(isKnown);
  }
});

test("a continued series gives its names, rules and tags; its folders are still to be chosen", async () => {
  const series = fakeSnapshot({
    timeMs: 5,
    hostname: "maple-browser",
    paths: ["/Documents", "/Photos"],
    excludes: ["*.iso"],
    tags: ["home"],
  });
  const { desk, editors } = deskOn();
  const editor = editors.continueSeries(series);
  const set = editor.build();
  expect(set).toMatchObject({ hostname: "maple-browser", tags: ["home"], rules: { exclude: ["*.iso"] } });
  expect(set.sources.map(({ rootName }) => rootName)).toEqual(["Documents", "Photos"]);
  expect(editor.sources.every(({ isFixed }) => isFixed)).toBe(true);
  await desk.folders.lookUp(set);
  expect(desk.missingOf(set)).toHaveLength(2);
  const [first] = editor.sources;
  if (first) editor.choose(first, pickedFiles("a.jpg"));
  expect(editor.build().sources[0]?.kind, "they may be loose files").toBe("files");
});
