import { HoldallError } from "../core/base/errors.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { BackupSet, BackupSetInfo, SetStorageInfo } from "./repository-api.ts";

/** The sets of one open repository, with their history. */
export class BackupSets {
  constructor(readonly repository: Repository) {}

  async list(): Promise<BackupSetInfo[]> {
    throw new HoldallError("feature-missing");
  }

  async save(_set: BackupSet): Promise<void> {
    throw new HoldallError("feature-missing");
  }

  async dismissUnfinished(_setId: string): Promise<void> {
    throw new HoldallError("feature-missing");
  }

  async storage(): Promise<SetStorageInfo> {
    throw new HoldallError("feature-missing");
  }

  async remove(_id: string): Promise<void> {
    throw new HoldallError("feature-missing");
  }
}
