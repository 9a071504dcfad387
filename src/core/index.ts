/**
 * Front door of Holdall's core: a restic client without a screen, for workers and for Node.
 *
 * Words, as in restic. A *repository* lies on a *backend*; its files are named by *ids* (SHA-256). File contents are cut
 * into *chunks*; a chunk (data) or a folder's list (tree) is a *blob*. Blobs are *sealed* (compressed, encrypted,
 * authenticated), collected in *packs*, and found by the *index*. A *snapshot* names the *tree* of one moment; a *key*
 * file holds the master key under a password; *locks* keep writers apart. *Ports* are what core asks of the outside.
 *
 * A complete example:
 *
 *     const backend = connectRest({ url: "https://nas.example/photos/", login: null });
 *     const { repository } = await openRepository({ backend, kernels, journal }, { password, signal });
 *     const archiver = new Archiver(repository, { sources: [{ rootName: rawNameOf("Documents"), folder }], ...rest });
 *     const { id } = await archiver.run(signal);
 *     const restorer = new Restorer(repository, { snapshot: id, paths: [[]], sink, names: portableNames, overwrite: "never" });
 *     await restorer.run(signal);
 *     repository.close();
 */
export { Archiver, type BackupOutcome } from "./archiver/archiver.ts";
export type { BackupOptions } from "./archiver/backup-options.ts";
export { findParent } from "./archiver/parent.ts";
export type { Backend } from "./backend/backend.ts";
export { connectRest } from "./backend/connect-rest.ts";
export { DirectoryBackend } from "./backend/directory.ts";
export { MemoryBackend } from "./backend/memory.ts";
export { parsePastedAddress } from "./backend/pasted-address.ts";
export type { RepositoryFolder } from "./backend/repository-folder.ts";
export { RestBackend } from "./backend/rest.ts";
export { parseRestLocation } from "./backend/rest-location.ts";
export { withLimit } from "./backend/with-limit.ts";
export { withRetry } from "./backend/with-retry.ts";
export {
  BackendError,
  type ErrorCode,
  FormatError,
  HoldallError,
  IntegrityError,
  LockedError,
  QuotaError,
  UnsupportedError,
  WrongPasswordError,
} from "./base/errors.ts";
export { type Id, parseId, shortId } from "./base/id.ts";
export type * from "./base/ports.ts";
export { displayName, type RawName, rawNameOf } from "./base/raw-name.ts";
export { DataCheck } from "./checker/data-check.ts";
export type { DataDamage } from "./checker/pack-reader.ts";
export { BlobCodec } from "./codec/blob-codec.ts";
export type { Codec, CompressionMode } from "./codec/codec.ts";
export { createRepository } from "./repository/create-repository.ts";
export { openRepository, type RepositoryPorts } from "./repository/open-repository.ts";
export type { Repository } from "./repository/repository.ts";
export { findPlace, walkTree } from "./repository/tree-walker.ts";
export { Archive, type ArchiveFormat } from "./restorer/archive.ts";
export type { OverwriteMode } from "./restorer/existing-files.ts";
export { portableNames, verbatimNames } from "./restorer/name-policy.ts";
export { openFile, Restorer } from "./restorer/restorer.ts";
