import type { FolderEntry, NodeType, SnapshotInfo } from "../../../src/workers/repository-api.ts";
import { backupProgress } from "../../support/backup-request.ts";
import { type FakeRepository, fakeSnapshot } from "../../support/fake-repository-api.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** A household's repository: two hosts, some hundred snapshots, folders with odd names. */
export function preparedRepository(nowMs: number): FakeRepository {
  const snapshots = manySnapshots(nowMs, 3);
  return {
    info: {
      id: "8f2c41d7a90b36e5".padEnd(64, "4"),
      location: "https://nas.home:8000/photos/",
      formatVersion: 2,
      keyId: "c0ffee0123456789".padEnd(64, "7"),
      unusableKeys: 0,
      kernelBuild: "simd",
      offline: false,
      appendOnly: false,
      clockAheadMs: 0,
    },
    password: "correct",
    refusal: null,
    openHangs: false,
    snapshots,
    unreadable: [],
    listRefusal: null,
    folder: (path) => ({
      names: path.map((position) => rootNames[position]?.[0] ?? "Folder"),
      entries: rootEntries(nowMs),
    }),
    folderRefusal: null,
    parent: { parent: snapshots[0] ?? null, invisibleEntries: 12 },
    backupProgress: [
      backupProgress({
        phase: "saving",
        filesDone: 7612,
        filesFound: 12_481,
        bytesDone: 23_400_000_000,
        bytesFound: 38_200_000_000,
        foundAll: true,
        bytesRead: 1_940_000_000,
        bytesNew: 214_000_000,
        bytesUploaded: 131_000_000,
        currentPath: "/Documents/Projects/kitchen/plans/2026 second floor",
        failures: 2,
      }),
    ],
    backupEnd: null,
    backupPreview: {
      files: 12_481,
      bytes: 38_200_000_000,
      excludedFiles: 0,
      excludedFolders: 0,
      folders: [],
      excluded: [],
      failures: [],
      complete: true,
    },
    steerings: [],
    uploadCheckProgress: [],
    index: { blobs: 318_204, packs: 2207 },
    uploadCheck: { packs: 8, bytes: 131_000_000, failures: [] },
    sets: [],
    setStorage: { place: "device", damaged: false },
    setsRefusal: null,
    writer: { state: "none" },
    locks: [],
    restoreProgress: [
      {
        phase: "restoring",
        filesDone: 41,
        filesTotal: 120,
        bytesDone: 1.1e9,
        bytesTotal: 3.4e9,
        failures: 0,
        waiting: null,
      },
    ],
    restoreEnd: null,
    checkProgress: [
      {
        packsDone: 812,
        packsTotal: 2304,
        bytesDone: 13.6e9,
        bytesTotal: 38.6e9,
        failures: 0,
        waiting: null,
      },
    ],
    checkEnd: null,
    preview: { bytes: new TextEncoder().encode("Slate for the kitchen floor\n1. Measure again\n"), totalBytes: 46 },
    archivePlan: {
      files: 412,
      folders: 31,
      bytes: 3.1e9,
      archiveBytes: 3.1e9 + 84_512,
      renamed: 2,
      skipped: 1,
      failures: [],
    },
    restorePlan: {
      files: 412,
      folders: 31,
      bytes: 3.1e9,
      existing: 4,
      existingBytes: 18.2e6,
      renamed: 2,
      skipped: 1,
      failures: [],
    },
    offlineState: { bytes: 61.4e6, budgetBytes: 500e6, snapshots: [] },
  };
}

/** `count` snapshots, newest first, of two hosts; with a gap of two weeks half a year ago. */
export function manySnapshots(nowMs: number, count: number): SnapshotInfo[] {
  const step = count > 100 ? 7 * hour : 26 * hour;
  const times = Array.from({ length: count * 2 }, (_, at) => nowMs - 2 * hour - at * step);
  const gapped = times.filter((timeMs) => nowMs - timeMs < 150 * day || nowMs - timeMs > 165 * day).slice(0, count);
  return gapped.map((timeMs, at) => snapshotAt(timeMs, at, count));
}

function snapshotAt(timeMs: number, at: number, count: number): SnapshotInfo {
  const isNas = at % 3 === 1;
  const totalBytes = (isNas ? 412e9 : 38.2e9) * (1 - (0.6 * at) / Math.max(count, 20));
  return fakeSnapshot({
    timeMs,
    hostname: isNas ? "nas" : "laptop-browser",
    paths: isNas ? ["/srv/photos"] : ["/Documents"],
    tags: isNas ? ["nightly"] : at % 5 === 2 ? ["taxes"] : [],
    programVersion: isNas ? "restic 0.18.0" : "holdall 0.1.0",
    summary: {
      filesNew: 14,
      filesChanged: 3,
      filesUnmodified: 12_464,
      dataAddedBytes: 5e6,
      dataAddedPackedBytes: [3.1e6, 1.9e9, 820e3, 214e6, 12e3][at % 5] ?? 0,
      totalFiles: (isNas ? 84_112 : 12_481) - at,
      totalBytes,
    },
  });
}

const rootNames: [string, NodeType, number][] = [
  ["Drone", "dir", 0],
  ["Raw", "dir", 0],
  ["Selected", "dir", 0],
  ["IMG_2041 Skógafoss at dawn.jpg", "file", 8.4e6],
  ["IMG_2042.jpg", "file", 7.9e6],
  ["IMG_2043.jpg", "file", 8.8e6],
  ["Puffins.mp4", "file", 412e6],
  ["The long road north.mp4", "file", 690e6],
  ["itinerary.md", "file", 6100],
  ["latest", "symlink", 0],
  ["packing list <final> (2).txt", "file", 2048],
  [
    "a name that goes on and on because somebody wrote the whole story of the day into it, from breakfast to bed.odt",
    "file",
    31_000,
  ],
];

function rootEntries(nowMs: number): FolderEntry[] {
  return rootNames.map(([name, type, sizeBytes], position) => ({
    position,
    name,
    type,
    sizeBytes,
    modifiedMs: nowMs - (position + 3) * 17 * day,
    linkTarget: type === "symlink" ? "Selected/IMG_2041 Skógafoss at dawn.jpg" : null,
    permissions: type === "dir" ? "rwxr-xr-x" : "rw-r--r--",
    owner: "anna:users",
  }));
}

export function manyEntries(count: number, nowMs: number): FolderEntry[] {
  return Array.from({ length: count }, (_, position) => ({
    position,
    name: `IMG_${String(position).padStart(6, "0")}.jpg`,
    type: "file" as const,
    sizeBytes: 4_000_000 + ((position * 7919) % 5_000_000),
    modifiedMs: nowMs - position * 60_000,
    linkTarget: null,
    permissions: "rw-r--r--",
    owner: "anna:users",
  }));
}
