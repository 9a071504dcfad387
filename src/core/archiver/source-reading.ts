import type { Source } from "../base/ports.ts";
import type { BackupCounts } from "./backup-counts.ts";
import { FolderReader, ReadAhead } from "./folder-reader.ts";
import type { Selection } from "./selection.ts";

export interface SourceReadingPorts {
  counts: BackupCounts;
  selection: Selection;
  /** There is a parent, which knows most files: their stats will do. */
  opensFew: boolean;
  signal: AbortSignal;
}

export interface ReadSource {
  reader: FolderReader;
  rootName: Source["rootName"];
  addsToParent: boolean;
}

/** All sources of a run, being read from now on, ahead of what is saved of them. */
export class SourceReading {
  readonly ahead: ReadAhead;
  /** In the order of the root tree. */
  readonly sources: readonly ReadSource[];

  constructor(sources: readonly Source[], { counts, selection, opensFew, signal }: SourceReadingPorts) {
    this.ahead = new ReadAhead(
      (entries) => {
        for (const entry of entries) if (entry.kind === "file") counts.found(entry.file.size);
      },
      () => {
        counts.foundAll = true;
      },
    );
    const onExcluded = () => {
      counts.excluded++;
    };
    const ports = { ahead: this.ahead, selection, onExcluded, opensFew, signal };
    const sorted = [...sources].sort((a, b) => (a.rootName < b.rootName ? -1 : 1));
    this.sources = sorted.map(({ folder, rootName, addsToParent = false }) => {
      const reader = new FolderReader(folder, [rootName], { ...ports, keepsNamesakes: addsToParent });
      return { reader, rootName, addsToParent };
    });
    for (const { reader } of this.sources) reader.start();
  }
}
