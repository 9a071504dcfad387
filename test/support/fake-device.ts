import { type DeviceMemory, defaultSettings } from "../../src/platform/device-memory.ts";
import { readPastedAddress } from "../../src/platform/pasted-address.ts";
import type { Ports } from "../../src/ui/ports.ts";
import { noShell } from "./no-shell.ts";

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

  constructor(memory: DeviceMemory | null = null) {
    this.memory = memory;
  }

  /** What the page needs beside repositories and folders. */
  ports(): Pick<Ports, "device" | "shell" | "readAddress" | "examine" | "saveText" | "version"> {
    return {
      device: {
        remembered: this.memory,
        defaults: defaultSettings,
        update: async (edit) => {
          if (this.refuses) throw new DOMException("no room", "QuotaExceededError");
          this.memory = edit(this.memory);
          return this.memory;
        },
        copies: async (urls) => new Map([...this.copies].filter(([url]) => urls.includes(url))),
        forgetCopy: async (url) => void this.copies.delete(url),
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
      readAddress: readPastedAddress,
      examine: async () => [],
      saveText: () => {},
      version: "0.1.0",
    };
  }
}
