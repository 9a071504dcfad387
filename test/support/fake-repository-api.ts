import { type ErrorCode, type ErrorContext, HoldallError, WrongPasswordError } from "../../src/core/base/errors.ts";
import type {
  ArchivePlan,
  BackupPreview,
  BackupProgress,
  BackupResult,
  BackupSetInfo,
  BackupSteering,
  CallContext,
  CheckDataProgress,
  CheckDataResult,
  FolderListing,
  IndexInfo,
  IndexProgress,
  LockInfo,
  OfflineState,
  ParentInfo,
  Preview,
  RepositoryApi,
  RepositoryInfo,
  RestorePlanInfo,
  RestoreProgress,
  RestoreResult,
  SetStorageInfo,
  SnapshotInfo,
  VerifyUploadProgress,
  VerifyUploadResult,
  WriterState,
} from "../../src/workers/repository-api.ts";

/** What a fake repository holds and how it answers. Every part may be changed between calls. */
export interface FakeRepository {
  info: RepositoryInfo;
  password: string;
  /** Refuses every open with this code instead. */
  refusal: ErrorCode | null;
  refusalContext?: ErrorContext;
  /** Never answers open: the screen while it works. */
  openHangs: boolean;
  snapshots: SnapshotInfo[];
  /** Refuses the list of snapshots with this code instead. */
  listRefusal: ErrorCode | null;
  unreadable: string[];
  /** The entries of a folder, and its name, by its path of positions. */
  folder: (path: readonly number[]) => Pick<FolderListing, "names" | "entries">;
  /** Refuses every folder with this code instead. */
  folderRefusal: ErrorCode | null;
  parent: ParentInfo;
  /** What a backup reports, at once and in this order. */
  backupProgress: BackupProgress[];
  /** How a backup ends; null: only when it is cancelled. */
  backupEnd: BackupResult | ErrorCode | null;
  backupEndContext?: ErrorContext;
  backupPreview: BackupPreview;
  /** What running backups were told. */
  steerings: BackupSteering[];
  uploadCheckProgress: VerifyUploadProgress[];
  /** How the look at an upload ends; null: only when it is cancelled. */
  /** What is in it, why it cannot be read, or how far reading it has got, which never ends then. */
  index: IndexInfo | ErrorCode | IndexProgress;
  uploadCheck: VerifyUploadResult | ErrorCode | null;
  sets: BackupSetInfo[];
  setStorage: SetStorageInfo;
  /** Refuses the list of sets with this code instead. */
  setsRefusal: ErrorCode | null;
  writer: WriterState;
  locks: LockInfo[];
  preview: Preview | ErrorCode;
  archivePlan: ArchivePlan;
  restorePlan: RestorePlanInfo;
  offlineState: OfflineState;
  restoreProgress: RestoreProgress[];
  restoreEnd: RestoreResult | ErrorCode | null;
  checkProgress: CheckDataProgress[];
  /** How a check of all data ends; null: only when it is cancelled. */
  checkEnd: CheckDataResult | ErrorCode | null;
}

/** A RepositoryApi in memory that plays a prepared repository: for the page alone, without a worker or a server. */
export function fakeRepositoryApi(repository: FakeRepository): RepositoryApi {
  return {
    async probe() {
      return { state: repository.refusal === "no-repository" ? "empty" : "repository" };
    },
    async open({ password }, context) {
      context?.onProgress?.({ phase: "keys" });
      if (repository.openHangs) {
        context?.onProgress?.({ phase: "config" });
        await untilAborted(context);
      }
      if (repository.refusal !== null) throw new HoldallError(repository.refusal, repository.refusalContext);
      if (password !== repository.password) throw new WrongPasswordError("wrong-password");
      return repository.info;
    },
    async create({ formatVersion }) {
      if (repository.refusal !== null && repository.refusal !== "no-repository") {
        throw new HoldallError(repository.refusal);
      }
      repository.info = { ...repository.info, formatVersion };
      return repository.info;
    },
    async awaitIndex(_, context) {
      const { index } = repository;
      if (typeof index === "string") throw new HoldallError(index);
      if ("blobs" in index) return index;
      context?.onProgress?.(index);
      return untilAborted(context);
    },
    async listSnapshots() {
      if (repository.listRefusal !== null) throw new HoldallError(repository.listRefusal);
      const unreadable = repository.unreadable.map((path) => {
        return { path, code: "mac-mismatch" as const, context: { type: "snapshot", id: path } };
      });
      return { snapshots: repository.snapshots, unreadable, missingSnapshots: 0 };
    },
    async listFolder({ path }) {
      if (repository.folderRefusal !== null) throw new HoldallError(repository.folderRefusal);
      return { through: { names: [], path: [] }, ...repository.folder(path) };
    },
    async inspectParent() {
      return repository.parent;
    },
    async backup(_request, context) {
      const { backupEnd, backupEndContext } = repository;
      return play(repository.backupProgress, backupEnd, context, backupEndContext);
    },
    async saveFile({ port }, context) {
      port.close();
      await play(repository.restoreProgress, repository.restoreEnd, context);
      return { length: 0 };
    },
    async restore(_request, context) {
      return play(repository.restoreProgress, repository.restoreEnd, context);
    },
    async measureFolders({ path }) {
      const folders = repository.folder(path).entries.filter(({ type }) => type === "dir");
      const sizes = folders.map(({ position, name }) => ({
        position,
        bytes: name.length * 7_654_321,
        files: name.length,
      }));
      return { sizes, complete: true };
    },
    async preview({ maxBytes }) {
      const { preview } = repository;
      if (typeof preview === "string") throw new HoldallError(preview);
      return { ...preview, bytes: preview.bytes.slice(0, maxBytes) };
    },
    async planArchive() {
      return repository.archivePlan;
    },
    async saveArchive({ port }, context) {
      port.close();
      return play(repository.restoreProgress, repository.restoreEnd, context);
    },
    async tryRestore(_request, context) {
      return play(repository.restoreProgress, repository.restoreEnd, context);
    },
    async checkData(_none, context) {
      return play(repository.checkProgress, repository.checkEnd, context);
    },
    async planRestore() {
      return repository.restorePlan;
    },
    async keepOffline({ snapshot }) {
      const { offlineState } = repository;
      repository.offlineState = { ...offlineState, snapshots: [...offlineState.snapshots, snapshot] };
      return repository.offlineState;
    },
    async dropOffline({ snapshot }) {
      const { offlineState } = repository;
      const snapshots = offlineState.snapshots.filter((kept) => kept !== snapshot);
      repository.offlineState = { ...offlineState, snapshots };
      return repository.offlineState;
    },
    async offlineState() {
      return repository.offlineState;
    },
    async previewBackup() {
      return repository.backupPreview;
    },
    async steerBackup(steering) {
      repository.steerings.push(steering);
    },
    async verifyUpload(_extent, context) {
      return play(repository.uploadCheckProgress, repository.uploadCheck, context);
    },
    async listSets() {
      if (repository.setsRefusal !== null) throw new HoldallError(repository.setsRefusal);
      return repository.sets;
    },
    async saveSet({ set }) {
      const known = repository.sets.find((info) => info.set.id === set.id);
      const others = repository.sets.filter((info) => info !== known);
      repository.sets = [...others, { set, runs: known?.runs ?? [], unfinished: known?.unfinished ?? null }];
    },
    async removeSet({ id }) {
      repository.sets = repository.sets.filter(({ set }) => set.id !== id);
    },
    async dismissUnfinished({ setId }) {
      repository.sets = repository.sets.map((info) => (info.set.id === setId ? { ...info, unfinished: null } : info));
    },
    async setStorage() {
      return repository.setStorage;
    },
    watchWriter(_none, context) {
      context?.onProgress?.(repository.writer);
      return untilAborted(context);
    },
    async listLocks() {
      return repository.locks;
    },
    async removeLock({ id }) {
      repository.locks = repository.locks.filter((lock) => lock.id !== id);
    },
    watchLocks(_none, context) {
      context?.onProgress?.([]);
      return untilAborted(context);
    },
    async close() {},
  };
}

/** A snapshot in which all that a test does not care about is plausible. */
export function fakeSnapshot(values: Partial<SnapshotInfo> & { timeMs: number }): SnapshotInfo {
  return {
    id: values.timeMs.toString(16).padStart(64, "5"),
    time: new Date(values.timeMs).toISOString(),
    hostname: "laptop-browser",
    username: "",
    paths: ["/Documents"],
    tags: [],
    programVersion: "holdall 0.1.0",
    excludes: [],
    parent: null,
    summary: null,
    ...values,
  };
}

async function play<Progress, Result>(
  progress: readonly Progress[],
  end: Result | ErrorCode | null,
  context: CallContext<Progress> | undefined,
  endContext: ErrorContext = {},
): Promise<Result> {
  for (const step of progress) context?.onProgress?.(step);
  if (end === null) return untilAborted(context);
  if (typeof end === "string") throw new HoldallError(end as ErrorCode, endContext);
  return end;
}

function untilAborted(context: CallContext<never> | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    context?.signal?.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
  });
}
