/** The browser's CacheStorage in memory, with what the app shell uses of it. */
export class MemoryCaches implements CacheStorage {
  private readonly byName = new Map<string, MemoryCache>();

  async open(name: string): Promise<Cache> {
    const cache = this.byName.get(name) ?? new MemoryCache();
    this.byName.set(name, cache);
    return cache as Partial<Cache> as Cache;
  }

  async has(name: string): Promise<boolean> {
    return this.byName.has(name);
  }

  async delete(name: string): Promise<boolean> {
    return this.byName.delete(name);
  }

  async keys(): Promise<string[]> {
    return [...this.byName.keys()];
  }

  async match(url: RequestInfo | URL, { cacheName = "" }: MultiCacheQueryOptions = {}): Promise<Response | undefined> {
    return this.byName.get(cacheName)?.match(String(url));
  }
}

class MemoryCache {
  private readonly responses = new Map<string, Response>();

  async put(url: RequestInfo | URL, response: Response): Promise<void> {
    this.responses.set(String(url), response);
  }

  async match(url: string): Promise<Response | undefined> {
    return this.responses.get(url)?.clone();
  }
}
