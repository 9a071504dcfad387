import { LockedError } from "../../src/core/base/errors.ts";
import type { LockClaims, TabPorts } from "../../src/workers/tab-ports.ts";

/** A browser in which several tabs may be: claims that end with their tab, and channels between tabs. */
export class MemoryBrowser {
  private readonly claims = new Map<string, MemoryTab>();
  private readonly waiting = new Set<() => void>();
  private readonly channels = new Set<{ tab: MemoryTab; repositoryId: string; hear: (data: unknown) => void }>();

  openTab(): MemoryTab {
    return new MemoryTab(this);
  }

  isHeld(name: string): boolean {
    return this.claims.has(name);
  }

  hold(name: string, tab: MemoryTab): () => void {
    this.claims.set(name, tab);
    return () => {
      if (this.claims.get(name) === tab) this.claims.delete(name);
      this.wake();
    };
  }

  /** What a killed tab held is free; nothing else of it happens. */
  kill(tab: MemoryTab): void {
    for (const [name, holder] of this.claims) if (holder === tab) this.claims.delete(name);
    for (const channel of this.channels) if (channel.tab === tab) this.channels.delete(channel);
    this.wake();
  }

  async untilFree(name: string, signal: AbortSignal): Promise<void> {
    while (this.isHeld(name)) {
      await new Promise<void>((resolve, reject) => {
        this.waiting.add(resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
  }

  join(tab: MemoryTab, repositoryId: string, hear: (data: unknown) => void) {
    const own = { tab, repositoryId, hear };
    this.channels.add(own);
    return {
      post: (message: unknown) => {
        const copy = structuredClone(message);
        for (const other of this.channels) {
          if (other !== own && other.repositoryId === repositoryId) queueMicrotask(() => other.hear(copy));
        }
      },
      close: () => void this.channels.delete(own),
    };
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

export class MemoryTab implements TabPorts {
  readonly lockClaims: LockClaims = {
    claim: async (lockId) => this.browser.hold(`lock ${lockId}`, this),
    isClaimed: async (lockId) => this.browser.isHeld(`lock ${lockId}`),
  };

  constructor(private readonly browser: MemoryBrowser) {}

  async claimWriter(repositoryId: string): Promise<() => void> {
    if (await this.hasWriter(repositoryId)) throw new LockedError("writer-elsewhere", { repository: repositoryId });
    return this.browser.hold(`writer ${repositoryId}`, this);
  }

  async hasWriter(repositoryId: string): Promise<boolean> {
    return this.browser.isHeld(`writer ${repositoryId}`);
  }

  untilWriterEnds(repositoryId: string, signal: AbortSignal): Promise<void> {
    return this.browser.untilFree(`writer ${repositoryId}`, signal);
  }

  openChannel(repositoryId: string, onMessage: (data: unknown) => void) {
    return this.browser.join(this, repositoryId, onMessage);
  }
}
