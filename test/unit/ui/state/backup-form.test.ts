import { expect, test } from "vitest";
import type { PickedFolder } from "../../../../src/ui/ports.ts";
import { BackupForm, subjectOf } from "../../../../src/ui/state/backup-form.svelte.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { type FakeRepository, fakeRepositoryApi, fakeSnapshot } from "../../../support/fake-repository-api.ts";

function formOn(changes: Partial<FakeRepository> = {}): BackupForm {
  const repository = { ...preparedRepository(0), ...changes };
  return new BackupForm(fakeRepositoryApi(repository), repository.info);
}

function picked(name: string): PickedFolder {
  return { kind: "folder", name, folder: { kind: "files", files: [], emptyFolders: [] } };
}

test("a second folder of the same name gets a name of its own", () => {
  const form = formOn();
  form.add([picked("Documents"), picked("Documents"), picked("Documents")]);
  expect(form.rootNames).toEqual(["Documents", "Documents 2", "Documents 3"]);
});

test("names that a tree cannot hold are called wrong, and nothing can start", () => {
  const form = formOn();
  form.hostname = "a-browser";
  form.add([picked("one"), picked("two")]);
  const [first, second] = form.sources;
  for (const name of ["", "  ", ".", "..", "a/b", "two"]) {
    if (first) first.rootName = name;
    expect(
      form.rootProblems.some((problem) => problem !== null),
      name,
    ).toBe(true);
    expect(form.ready, name).toBe(false);
  }
  if (first) first.rootName = "fine";
  expect(second?.rootName).toBe("two");
  expect(form.ready).toBe(true);
});

test("the proposed host name continues a browser's series, else it is new in the repository", () => {
  const continued = formOn();
  continued.proposeHostname(["nas", "maple-browser"]);
  expect(continued.hostname).toBe("maple-browser");
  const fresh = formOn();
  fresh.proposeHostname(["nas"]);
  expect(fresh.hostname).toMatch(/^[a-z]+-browser$/);
  const proposed = fresh.hostname;
  fresh.proposeHostname(["another-browser"]);
  expect(fresh.hostname, "a name that stands there stays").toBe(proposed);
});

test("continuing a series that another program made needs a yes", async () => {
  const parent = fakeSnapshot({ timeMs: 1, programVersion: "restic 0.18.0" });
  const form = formOn({ parent: { parent, invisibleEntries: 3 } });
  form.hostname = "nas";
  form.add([picked("photos")]);
  await form.inspectParent();
  expect(form.foreignProgram).toBe("restic 0.18.0");
  expect(form.ready).toBe(false);
  form.foreignAgreed = true;
  expect(form.ready).toBe(true);
  await form.inspectParent();
  expect(form.ready, "a yes is for one parent").toBe(false);
});

test("a series of our own needs no yes", async () => {
  const form = formOn({ parent: { parent: fakeSnapshot({ timeMs: 1 }), invisibleEntries: 0 } });
  form.hostname = "a-browser";
  form.add([picked("photos")]);
  await form.inspectParent();
  expect(form.parent?.parent?.hostname).toBe("laptop-browser");
  expect(form.ready).toBe(true);
});

test("the request holds trimmed names, each tag once, and no compression choice in format 1", () => {
  const repository = preparedRepository(0);
  const form = new BackupForm(fakeRepositoryApi(repository), { ...repository.info, formatVersion: 1 });
  form.hostname = " a-browser ";
  form.tagText = "taxes, , 2026,taxes";
  form.compression = "max";
  form.add([picked("photos")]);
  expect(form.request()).toMatchObject({
    hostname: "a-browser",
    tags: ["taxes", "2026"],
    compression: "auto",
    sources: [{ rootName: "photos" }],
  });
});

test("a subject names two folders and counts the rest", () => {
  expect(subjectOf(["a"])).toBe("a");
  expect(subjectOf(["a", "b"])).toBe("a and b");
  expect(subjectOf(["a", "b", "c", "d"])).toBe("a, b and 2 more");
});

test("folders that were backed up go, those that were added meanwhile stay", () => {
  const form = formOn();
  form.add([picked("one")]);
  const started = form.sources;
  form.add([picked("two")]);
  form.forget(started);
  expect(form.rootNames).toEqual(["two"]);
});
