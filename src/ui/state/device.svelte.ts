import type { DeviceMemory, DeviceSettings, Recent, RecentPlace } from "../../platform/device-memory.ts";
import type { Keep } from "../../workers/repository-api.ts";
import { placeOf } from "../address.ts";
import { type Failure, failureOf } from "../failure.ts";
import type { Ports } from "../ports.ts";

type DevicePorts = Pick<Ports, "device" | "shell">;

/**
 * Whose device this is, and what it remembers. On somebody else's (until the user says otherwise) nothing is written
 * anywhere: settings last as long as the page.
 */
export class Device {
  mine = $state(false);
  recents = $state.raw<readonly Recent[]>([]);
  settings = $state.raw() as DeviceSettings;
  /** Bytes of sealed copies, by address. */
  copies = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** What the last wiping left; null before one. */
  wiped = $state.raw<{ heldElsewhere: boolean } | null>(null);
  /** Why the browser does not keep what it should. */
  failure = $state.raw<Failure | null>(null);
  /** Resolves when storage, which may be slower than the page, has said what this device remembers. */
  readonly recalled: Promise<void>;
  /** The user has said whose it is, so what comes late says nothing more. */
  #isDecided = false;

  constructor(private readonly ports: DevicePorts) {
    const { remembered, rememberedLate, defaults } = ports.device;
    this.settings = remembered?.settings ?? defaults;
    if (remembered !== null) this.#recall(remembered);
    this.recalled = remembered !== null ? Promise.resolve() : rememberedLate.then((memory) => this.#recallLate(memory));
  }

  /** What an opening may keep. */
  get keep(): Keep {
    const { budgetBytes } = this.settings;
    return this.mine ? { kind: "device", budgetBytes } : { kind: "nothing" };
  }

  async becomeMine(): Promise<void> {
    if (this.mine) return;
    this.#isDecided = true;
    this.mine = true;
    this.wiped = null;
    await this.#keep((recents) => recents);
    await this.#attempt(() => this.ports.shell.install());
  }

  /** Takes everything away; from now on this is somebody else's device. No repository may be open. */
  async forgetEverything(): Promise<void> {
    this.#isDecided = true;
    this.mine = false;
    this.recents = [];
    this.copies = new Map();
    this.settings = this.ports.device.defaults;
    this.ports.device.showTheme(this.settings.theme);
    await this.#attempt(async () => {
      await this.ports.shell.remove();
      this.wiped = await this.ports.device.wipe();
    });
  }

  async change(settings: Partial<DeviceSettings>): Promise<void> {
    this.settings = { ...this.settings, ...settings };
    this.ports.device.showTheme(this.settings.theme);
    await this.#keep((recents) => recents);
  }

  /** A repository was opened: it becomes the first of the recent ones. */
  async remember(place: RecentPlace, repositoryId: string, nowMs: number): Promise<void> {
    if (!this.mine) return;
    const id = place.kind === "rest" ? place.url : await this.#idOfFolder(place.handle);
    const recent: Recent = { id, place, label: labelOf(place), lastOpenedMs: nowMs, repositoryId };
    await this.#keep((recents) => [recent, ...recents.filter((other) => other.id !== id)]);
  }

  /** Takes one repository off this device: its sealed copy, and its sets unless it is known at another place, too. */
  async forget({ id, place, repositoryId }: Recent): Promise<void> {
    await this.#keep((recents) => recents.filter((other) => other.id !== id));
    const isElsewhere = this.recents.some((other) => other.repositoryId === repositoryId);
    if (repositoryId !== undefined && !isElsewhere)
      await this.#attempt(() => this.ports.device.forgetSets(repositoryId));
    if (place.kind !== "rest") return;
    await this.#attempt(() => this.ports.device.forgetCopy(place.url));
    await this.countCopies();
  }

  async countCopies(): Promise<void> {
    if (!this.mine) return;
    await this.#attempt(async () => {
      const urls = this.recents.flatMap(({ place }) => (place.kind === "rest" ? [place.url] : []));
      this.copies = await this.ports.device.copies(urls);
    });
  }

  #recall({ settings, recents }: DeviceMemory): void {
    this.mine = true;
    this.settings = settings;
    this.recents = recents;
  }

  /** Storage took long: until now this looked like somebody else's device. */
  #recallLate(memory: DeviceMemory | null): void {
    if (memory === null || this.#isDecided) return;
    this.#recall(memory);
    this.ports.device.showTheme(memory.settings.theme);
    void this.#attempt(() => this.ports.shell.install());
  }

  /** Writes the settings and the changed list, which another tab may have changed meanwhile, too. */
  async #keep(change: (recents: readonly Recent[]) => readonly Recent[]): Promise<void> {
    if (!this.mine) return;
    this.recents = change(this.recents);
    await this.#attempt(async () => {
      const { settings } = this;
      const edit = (stored: DeviceMemory | null) => ({ settings, recents: change(stored?.recents ?? []) });
      this.recents = (await this.ports.device.update(edit)).recents;
    });
  }

  /** A browser that keeps nothing (private windows, a full disk) is no reason to stop; it is said. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.failure = null;
    } catch (error) {
      this.failure = failureOf(error);
    }
  }

  async #idOfFolder(handle: FileSystemDirectoryHandle): Promise<string> {
    for (const { id, place } of this.recents) {
      if (place.kind === "folder" && (await place.handle.isSameEntry(handle))) return id;
    }
    return crypto.randomUUID();
  }
}

function labelOf(place: RecentPlace): string {
  return place.kind === "folder" ? place.handle.name : placeOf(place.url).name;
}
