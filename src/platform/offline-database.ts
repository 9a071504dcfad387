import type { Bytes } from "../core/base/bytes.ts";
import type { OfflineEntry } from "../core/base/ports.ts";

const files = "files";
/** Length and last use of each file, so that counting and choosing reads no file. Written together with the file. */
const ledger = "ledger";

/**
 * Files in an IndexedDB database, by keys of ASCII. It is created by the first put, opened anew whenever the browser has
 * closed it, and another program's wish to delete it is granted at once. Calls reject with what IndexedDB says.
 */
export class OfflineDatabase {
  private opened: Promise<IDBDatabase | null> | null = null;

  constructor(private readonly name: string) {}

  async get(key: string): Promise<Bytes | null> {
    const found = await this.withDatabase<unknown>("if it is there", null, (open) =>
      answerOf(open.transaction(files).objectStore(files).get(key)),
    );
    return found instanceof Uint8Array && found.buffer instanceof ArrayBuffer ? (found as Bytes) : null;
  }

  async put(key: string, bytes: Bytes, usedMs: number): Promise<void> {
    // A view is stored with all of the buffer that it looks at.
    const whole = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    await this.write("create", (transaction) => {
      transaction.objectStore(files).put(whole, key);
      transaction.objectStore(ledger).put({ length: bytes.length, usedMs }, key);
    });
  }

  async touch(keys: readonly string[], usedMs: number): Promise<void> {
    await this.write("if it is there", (transaction) => {
      const store = transaction.objectStore(ledger);
      for (const key of keys) {
        const request = store.get(key);
        request.onsuccess = () => {
          const entry = entryOf(key, request.result);
          if (entry !== null) store.put({ length: entry.length, usedMs }, key);
        };
      }
    });
  }

  async remove(keys: readonly string[]): Promise<void> {
    await this.write("if it is there", (transaction) => {
      for (const name of [files, ledger]) for (const key of keys) transaction.objectStore(name).delete(key);
    });
  }

  /** Removes all keys that begin so. */
  async removeAll(prefix: string): Promise<void> {
    await this.write("if it is there", (transaction) => {
      for (const name of [files, ledger]) transaction.objectStore(name).delete(beginningWith(prefix));
    });
  }

  /** All keys that begin so. */
  async list(prefix: string): Promise<OfflineEntry[]> {
    const range = beginningWith(prefix);
    return this.withDatabase("if it is there", [], async (open) => {
      const store = open.transaction(ledger).objectStore(ledger);
      const [keys, values] = await Promise.all([answerOf(store.getAllKeys(range)), answerOf(store.getAll(range))]);
      return keys.flatMap((key, i) => entryOf(key, values[i]) ?? []);
    });
  }

  private async write(mode: OpenMode, change: (transaction: IDBTransaction) => void): Promise<void> {
    await this.withDatabase(mode, undefined, (open) => {
      // What is lost in a power cut is fetched again, so nobody waits for the disk.
      const transaction = open.transaction([files, ledger], "readwrite", { durability: "relaxed" });
      change(transaction);
      return endOf(transaction);
    });
  }

  private async withDatabase<T>(mode: OpenMode, otherwise: T, work: (open: IDBDatabase) => Promise<T>): Promise<T> {
    const open = await this.open(mode);
    if (open === null) return otherwise;
    try {
      return await work(open);
    } catch (error) {
      // Closed behind our back: the next call opens it again.
      if (error instanceof DOMException && error.name === "InvalidStateError") this.forget(open);
      throw error;
    }
  }

  private async open(mode: OpenMode): Promise<IDBDatabase | null> {
    for (;;) {
      const { opened } = this;
      const known = await opened;
      if (known) return known;
      // Unless somebody else has begun meanwhile, whose end is to be seen first.
      if (this.opened === opened) return this.openAnew(mode);
    }
  }

  private openAnew(mode: OpenMode): Promise<IDBDatabase | null> {
    const opening = openDatabase(this.name, mode, (closed) => this.forget(closed)).catch((error: unknown) => {
      this.opened = null;
      throw error;
    });
    this.opened = opening;
    return opening;
  }

  private forget(closed: IDBDatabase): void {
    closed.close();
    this.opened = null;
  }
}

type OpenMode = "create" | "if it is there";

function openDatabase(
  name: string,
  mode: OpenMode,
  onClosed: (open: IDBDatabase) => void,
): Promise<IDBDatabase | null> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      if (mode === "create") for (const store of [files, ledger]) request.result.createObjectStore(store);
      // An aborted creation leaves no database behind.
      else request.transaction?.abort();
    };
    request.onsuccess = () => {
      const open = request.result;
      open.onclose = () => onClosed(open);
      open.onversionchange = () => onClosed(open);
      resolve(open);
    };
    request.onerror = () => {
      if (mode === "if it is there" && request.error?.name === "AbortError") resolve(null);
      else reject(request.error);
    };
  });
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Only a completed transaction has stored anything: a full disk shows at its end. */
function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function beginningWith(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

/** The ledger is outside data: null for what is no entry. */
function entryOf(key: IDBValidKey, value: unknown): OfflineEntry | null {
  if (typeof key !== "string" || typeof value !== "object" || value === null) return null;
  const { length, usedMs } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(length) || !Number.isFinite(usedMs)) return null;
  return Number(length) < 0 ? null : { key, length: Number(length), usedMs: Number(usedMs) };
}
