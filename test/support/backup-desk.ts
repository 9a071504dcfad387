import type { PickedFolder } from "../../src/ui/ports.ts";
import { BackupDesk } from "../../src/ui/state/backup-desk.svelte.ts";
import { Jobs } from "../../src/ui/state/jobs.svelte.ts";
import { SetEditors } from "../../src/ui/state/set-editors.svelte.ts";
import type { BackupRequest } from "../../src/workers/repository-api.ts";
import { preparedRepository } from "../browser/pictures/repository.ts";
import { type FakeRepository, fakeRepositoryApi } from "./fake-repository-api.ts";
import { FakeSources } from "./fake-sources.ts";

/** A desk on a fake repository, with what was asked of it. */
export function deskOn(changes: Partial<FakeRepository> = {}) {
  const repository = { ...preparedRepository(0), ...changes };
  const requests: BackupRequest[] = [];
  const api = fakeRepositoryApi(repository);
  const { backup } = api;
  api.backup = (request, context) => {
    requests.push(request);
    return backup(request, context);
  };
  const sources = new FakeSources();
  const jobs = new Jobs(api, { saveDownload: async () => {} });
  const desk = new BackupDesk({ api, info: repository.info, jobs, sources, onstored: () => {} });
  return { desk, editors: new SetEditors(desk), repository, api, sources, jobs, requests };
}

/** A folder of which the browser gave a list of files, and no handle. */
export function pickedList(name: string): PickedFolder {
  return { kind: "folder", name, folder: { kind: "files", files: [], emptyFolders: [] } };
}

/** A folder of which the browser gave a handle; those of one name are the same. */
export function pickedHandle(name: string): PickedFolder {
  const handle = { kind: "directory", name, isSameEntry: async (other: FileSystemHandle) => other.name === name };
  // Only what is compared and shown is ever asked of it.
  return { kind: "folder", name, folder: { kind: "handle", handle: handle as FileSystemDirectoryHandle } };
}

/** Loose files of these names. */
export function pickedFiles(...names: string[]): PickedFolder {
  const files = names.map((name) => ({ path: [name], file: new File([name], name) }));
  return { kind: "files", name: "Files", folder: { kind: "files", files, emptyFolders: [] } };
}
