import { expect, test, vi } from "vitest";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import type { FolderWatcher } from "../../../../src/ui/ports.ts";
import { watchedSets, watchSets } from "../../../../src/ui/state/set-watch.ts";
import { deskOn, pickedFiles, pickedHandle, pickedList } from "../../../support/backup-desk.ts";
import { backupResult } from "../../../support/backup-request.ts";
import { backupRun, backupSetInfo } from "../../../support/backup-set.ts";

const known = backupSetInfo({});
const key = { setId: known.set.id, sourceId: "documents" };

test("picking and starting makes a set named after the folders, and runs it", async () => {
  const { desk, editors, repository, requests } = deskOn({ backupEnd: backupResult() });
  const editor = editors.begin();
  editor.proposeHostname(["maple-browser"]);
  editor.add([pickedHandle("Documents"), pickedHandle("Photos")]);
  const set = await editors.keep(editor);
  const entry = await desk.run(set, { dryRun: false });
  expect(entry?.subject).toBe("Documents and Photos");
  expect(repository.sets.map((info) => info.set.name)).toEqual(["Documents and Photos"]);
  expect(requests).toMatchObject([{ setId: set.id, hostname: "maple-browser", dryRun: false, rereadEvery: 30 }]);
  editors.finish(editor);
  expect(editors.draft).toBeNull();
});

test("what a set says is what its run is asked for", async () => {
  const rules = { ...known.set.rules, exclude: ["*.iso"], excludeLargerThanBytes: 5 };
  const info = backupSetInfo({ rules, packSizeBytes: 1, uploadLimit: 2, skipIfUnchanged: true, tags: ["t"] });
  const { desk, sources, requests } = deskOn({ sets: [info] });
  await sources.keep(key, pickedHandle("Documents"));
  await desk.reload();
  const entry = await desk.run(info.set, { dryRun: true });
  expect(requests).toMatchObject([
    { rules, packSizeBytes: 1, uploadLimit: 2, skipIfUnchanged: true, tags: ["t"], dryRun: true, waitsForLock: true },
  ]);
  expect(entry?.command).toContain("--exclude '*.iso' --exclude-larger-than 5 ./Documents");
});

test("a run with a source missing is never started", async () => {
  const info = backupSetInfo({
    sources: [
      { id: "documents", rootName: "Documents", kind: "folder" },
      { id: "photos", rootName: "Photos", kind: "folder" },
    ],
  });
  const { desk, sources, requests } = deskOn({ sets: [info] });
  await sources.keep(key, pickedHandle("Documents"));
  await desk.reload();
  expect(await desk.run(info.set, { dryRun: false })).toBeNull();
  expect(requests).toEqual([]);
  expect(desk.missingOf(info.set).map(({ id }) => id)).toEqual(["photos"]);
  desk.folders.choose("photos", pickedHandle("Photos"));
  expect(await desk.run(info.set, { dryRun: false })).not.toBeNull();
  expect(requests[0]?.sources.map(({ rootName }) => rootName)).toEqual(["Documents", "Photos"]);
});

test("a lapsed permission is asked for by the run; a refusal makes the folder one to choose again", async () => {
  for (const permits of [true, false]) {
    const { desk, sources } = deskOn({ sets: [known] });
    await sources.keep(key, pickedHandle("Documents"));
    sources.lapsed.add(`${key.setId}/${key.sourceId}`);
    sources.permits = permits;
    await desk.reload();
    expect(desk.folders.linkOf("documents").state).toBe("asks");
    expect(desk.missingOf(known.set)).toEqual([]);
    const entry = await desk.run(known.set, { dryRun: false });
    expect(entry !== null, `permits: ${permits}`).toBe(permits);
    expect(desk.missingOf(known.set)).toHaveLength(permits ? 0 : 1);
  }
});

test("a list of files is picked anew for each run, and serves a second try; a handle stays", async () => {
  for (const [backupEnd, picked, isThere] of [
    [backupResult(), pickedList("Documents"), false],
    ["network", pickedList("Documents"), true],
    [backupResult(), pickedHandle("Documents"), true],
  ] as const) {
    const { desk } = deskOn({ sets: [known], backupEnd });
    await desk.reload();
    desk.folders.choose("documents", picked);
    const entry = await desk.run(known.set, { dryRun: false });
    await entry?.job.finished;
    expect(desk.folders.isReadable({ id: "documents" })).toBe(isThere);
  }
});

test("loose files need no new pick beside a folder once a snapshot holds some, and are never replaced", async () => {
  const sources = [
    { id: "documents", rootName: "Documents", kind: "folder" as const },
    { id: "picks", rootName: "Files", kind: "files" as const },
  ];
  const fresh = backupSetInfo({ sources });
  const ran = backupSetInfo({ sources }, { runs: [backupRun({ startedMs: 1 })] });
  const loose = backupSetInfo({ sources: sources.slice(1) }, { runs: [backupRun({ startedMs: 1 })] });
  for (const [info, starts] of [
    [fresh, false],
    [ran, true],
    [loose, false],
  ] as const) {
    const { desk, requests } = deskOn({ sets: [info] });
    await desk.reload();
    desk.folders.choose("documents", pickedHandle("Documents"));
    expect((await desk.run(info.set, { dryRun: false })) !== null).toBe(starts);
    if (starts) expect(requests[0]?.sources[1]).toMatchObject({ rootName: "Files", addsToParent: true });
  }
  const { desk, requests } = deskOn({ sets: [loose] });
  await desk.reload();
  desk.folders.addFiles("picks", pickedFiles("a.jpg"));
  expect(await desk.run(loose.set, { dryRun: false })).not.toBeNull();
  expect(requests[0]?.sources).toHaveLength(1);
});

test("a set that cannot be kept lasts as long as the page, runs, and is told about", async () => {
  const { desk, editors, api, requests } = deskOn({ backupEnd: backupResult() });
  api.saveSet = async () => {
    throw new HoldallError("quota-exceeded");
  };
  const editor = editors.begin();
  editor.hostname = "a-browser";
  editor.add([pickedHandle("Documents")]);
  const set = await editors.keep(editor);
  expect(desk.sets.refusal?.code).toBe("quota-exceeded");
  expect(desk.sets.find(set.id)?.set).toEqual(set);
  const entry = await desk.run(set, { dryRun: false });
  await entry?.job.finished;
  expect(requests).toMatchObject([{ setId: null }]);
  await desk.sets.reload();
  expect(desk.sets.find(set.id)?.set, "after a reload, too").toEqual(set);
  await desk.remove(set);
  expect(desk.sets.list).toEqual([]);
});

test("a list that cannot be read says so, and what was known stays", async () => {
  const { desk, repository } = deskOn({ sets: [known] });
  await desk.reload();
  repository.setsRefusal = "quota-exceeded";
  await desk.reload();
  expect(desk.sets.load).toMatchObject({ state: "failed", failure: { code: "quota-exceeded" } });
  expect(desk.sets.list.map(({ set }) => set.id)).toEqual([known.set.id]);
});

test("a set that runs when files change does so, after the backup that runs just then", async () => {
  const info = backupSetInfo({ runsOnChange: true });
  const { desk, sources, jobs, requests } = deskOn({ sets: [info, backupSetInfo({ id: "by-hand" })] });
  await sources.keep(key, pickedHandle("Documents"));
  await desk.reload();
  const watchers = new Set<FolderWatcher>();
  const watched: string[] = [];
  const stop = watchSets(desk, watchedSets(desk), (folders, watcher) => {
    watched.push(...folders.map(({ name }) => name));
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  });
  expect(watched).toEqual(["Documents"]);
  const running = await desk.run(info.set, { dryRun: false });
  for (const watcher of watchers) watcher.onDue();
  expect(requests).toHaveLength(1);
  running?.job.cancel();
  await vi.waitFor(() => expect(requests).toHaveLength(2));
  jobs.backup?.job.cancel();
  stop();
  expect(watchers.size).toBe(0);
});

test("a removed set takes its folders along, a discarded draft leaves nothing", async () => {
  const { desk, editors, sources, repository } = deskOn({ sets: [known] });
  await sources.keep(key, pickedHandle("Documents"));
  await desk.reload();
  await desk.remove(known.set);
  expect(repository.sets).toEqual([]);
  const draft = editors.begin();
  draft.add([pickedHandle("Photos")]);
  await editors.keep(draft);
  expect(sources.kept.size).toBe(1);
  editors.discardDraft();
  await Promise.resolve();
  expect(sources.kept.size).toBe(0);
});

test("a run that was cut off is no more spoken of when that is wished", async () => {
  const unfinished = { startedMs: 1, filesDone: 2, bytesDone: 3, bytesUploaded: 4, currentPath: "/a" };
  const { desk } = deskOn({ sets: [{ ...known, unfinished }] });
  await desk.reload();
  expect(desk.sets.list[0]?.unfinished).toEqual(unfinished);
  await desk.sets.dismissUnfinished(known.set.id);
  expect(desk.sets.list[0]?.unfinished).toBeNull();
});
