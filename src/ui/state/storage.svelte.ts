import type { DevicePort, StorageUse } from "../ports.ts";

/** How much the browser keeps for this page, and whether it promised to. */
export class Storage {
  use = $state.raw<StorageUse | null>(null);
  refused = $state(false);

  constructor(private readonly device: Pick<DevicePort, "storage" | "persist">) {}

  async look(): Promise<void> {
    this.use = await this.device.storage();
  }

  async persist(): Promise<void> {
    this.refused = !(await this.device.persist());
    await this.look();
  }
}
