import { type DeviceMemory, defaultSettings } from "../../src/platform/device-memory.ts";
import { readPastedAddress } from "../../src/platform/pasted-address.ts";
import type { FolderWatcher, Ports } from "../../src/ui/ports.ts";
import { FakeSources } from "./fake-sources.ts";
import { noShell } from "./no-shell.ts";

type PortsOfRepositories =
  | "openRepositoryClient"
  | "capabilities"
  | "folders"
  | "saveDownload"
  | "downloadLimitBytes"
  | "prepareFarewell"
  | "network"
  | "isPageProtected"
  | "proposeAddress";

/** A device in memory; `memory` is what it remembers, null on somebody else's. */
export class FakeDevice {
  memory: DeviceMemory | null;
  copies = new Map<string, number>();
  wipes = 0;
  installed = false;
  persisted = false;
  theme = "system";
  /** Refuses to keep anything, as a private window does. */
  refuses = false;
  /** What it remembers comes when the page has begun already. */
  isSlow = false;
  /** Repositories whose sets were forgotten. */
  readonly forgottenSets: string[] = [];
  readonly sources = new FakeSources();
  /** How many want the screen to stay on. */
  awake = 0;
  readonly notices: { title: string; text: string }[] = [];
  permission: "granted" | "denied" | "ask" = "ask";
  /** Those who watch folders now. */
  readonly watchers = new Set<FolderWatcher>();

  constructor(memory: DeviceMemory | null = null) {
    this.memory = memory;
  }

  /** What the page needs beside repositories and folders. */
  ports(): Omit<Ports, PortsOfRepositories> {
    return {
      device: {
        remembered: this.isSlow ? null : this.memory,
        rememberedLate: Promise.resolve(this.memory),
        defaults: defaultSettings,
        update: async (edit) => {
          if (this.refuses) throw new DOMException("no room", "QuotaExceededError");
          this.memory = edit(this.memory);
          return this.memory;
        },
        copies: async (urls) => new Map([...this.copies].filter(([url]) => urls.includes(url))),
        forgetCopy: async (url) => void this.copies.delete(url),
        forgetSets: async (repositoryId) => void this.forgottenSets.push(repositoryId),
        wipe: async () => {
          this.wipes += 1;
          this.memory = null;
          this.copies.clear();
          return { heldElsewhere: false };
        },
        storage: async () => ({ usedBytes: 63_400_000, persisted: this.persisted }),
        persist: async () => {
          this.persisted = true;
          return true;
        },
        showTheme: (theme) => {
          this.theme = theme;
        },
      },
      shell: {
        ...noShell,
        isInstalled: async () => this.installed,
        install: async () => {
          this.installed = true;
        },
        remove: async () => {
          this.installed = false;
        },
      },
      keepAwake: () => {
        this.awake++;
        return () => void this.awake--;
      },
      notifier: {
        permission: () => this.permission,
        ask: async () => {
          if (this.permission === "ask") this.permission = "granted";
          return this.permission === "granted";
        },
        tell: (notice) => void this.notices.push(notice),
      },
      openSources: () => this.sources,
      watchFolders: (_folders, watcher) => {
        this.watchers.add(watcher);
        return () => void this.watchers.delete(watcher);
      },
      readAddress: readPastedAddress,
      examine: async () => [],
      saveText: () => {},
      version: "0.1.0",
    };
  }
}
