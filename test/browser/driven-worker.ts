import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { RepositoryApi } from "../../src/workers/repository-api.ts";
import type { WireError } from "../../src/workers/wire-error.ts";
import { answerFolderPicker } from "./fixture.ts";

type MethodName = keyof RepositoryApi;
type ResultOf<Name extends MethodName> = Awaited<ReturnType<RepositoryApi[Name]>>;

/** Stands for a folder's handle in what is sent to the worker; the handle itself never leaves the page. */
export interface KeptFolder {
  keptFolder: string;
}

/** An error as the worker sends it to the page. */
export class WorkerError extends Error {
  constructor(readonly wire: WireError) {
    super(wire.kind === "AbortError" ? wire.message : `${wire.code} ${JSON.stringify(wire.context)}`);
  }

  get code(): string {
    return this.wire.kind === "AbortError" ? "aborted" : this.wire.code;
  }
}

/**
 * The built app's repository worker, called from a page of the app without its screens: for what screens do not reach, or
 * do not tell as exactly as the contract does. Gone after a reload, as are the folders that were given to the page.
 */
export class DrivenWorker {
  private lastCall = 0;

  private constructor(private readonly page: Page) {}

  static async start(page: Page): Promise<DrivenWorker> {
    const assets = readdirSync(fileURLToPath(new URL("../../dist/app/assets/", import.meta.url)));
    const script = assets.find((name) => /^repository-worker-.*\.js$/.test(name));
    if (script === undefined) throw new Error("dist/app has no repository worker");
    await page.evaluate((url) => {
      const worker = new Worker(url, { type: "module" });
      Object.assign(window, { drivenWorker: worker });
      // Errors would be lost otherwise.
      worker.onerror = ({ message }) => console.error(message);
    }, `/assets/${script}`);
    return new DrivenWorker(page);
  }

  /** Calls a method; throws a WorkerError if it fails. */
  call<Name extends MethodName>(method: Name, args: object): Promise<ResultOf<Name>> {
    return this.begin(method, args).ended;
  }

  /** Calls a method, and can cancel the call as the page's button does. */
  begin<Name extends MethodName>(method: Name, args: object): DrivenCall<ResultOf<Name>> {
    const id = ++this.lastCall;
    const abort = () => this.page.evaluate(abortInPage, id);
    return { ended: this.answerOf(id, method, args), abort };
  }

  /** Calls a method that has to fail, and says how. */
  async refusalOf(method: MethodName, args: object): Promise<WorkerError> {
    try {
      await this.call(method, args);
    } catch (error) {
      if (error instanceof WorkerError) return error;
      throw error;
    }
    throw new Error(`${method} succeeded`);
  }

  private async answerOf<Name extends MethodName>(id: number, method: Name, args: object): Promise<ResultOf<Name>> {
    const answer = await this.page.evaluate(callInPage, { id, method, args });
    if ("error" in answer) throw new WorkerError(answer.error as WireError);
    return answer.value as ResultOf<Name>;
  }
}

export interface DrivenCall<Result> {
  /** Rejects with a WorkerError, "aborted" after the call was cancelled. */
  ended: Promise<Result>;
  abort(): Promise<void>;
}

/** Gives the page a folder of the disk, as a drop does. */
export async function giveFolder(page: Page, folder: string): Promise<KeptFolder> {
  await answerFolderPicker(page, folder);
  await page.evaluate(async (name) => {
    const kept = Reflect.get(window, "keptFolders") ?? {};
    kept[name] = await window.showDirectoryPicker?.({ mode: "readwrite", id: "test" });
    Object.assign(window, { keptFolders: kept });
  }, folder);
  return { keptFolder: folder };
}

/** Runs in the page. */
function callInPage({
  id,
  method,
  args,
}: {
  id: number;
  method: string;
  args: object;
}): Promise<{ value: unknown } | { error: unknown }> {
  const withHandles = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(withHandles);
    if (typeof value !== "object" || value === null) return value;
    if ("keptFolder" in value) return Reflect.get(window, "keptFolders")[String(value.keptFolder)];
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withHandles(member)]));
  };
  const worker: Worker = Reflect.get(window, "drivenWorker");
  return new Promise((resolve) => {
    const listen = ({ data }: MessageEvent) => {
      if (data.id !== id || data.rpc === "progress") return;
      worker.removeEventListener("message", listen);
      resolve(data.rpc === "result" ? { value: data.value } : { error: data.error });
    };
    worker.addEventListener("message", listen);
    worker.postMessage({ rpc: "call", id, method, args: withHandles(args), wantsProgress: false });
  });
}

/** Runs in the page. */
function abortInPage(id: number): void {
  const worker: Worker = Reflect.get(window, "drivenWorker");
  worker.postMessage({ rpc: "abort", id, reason: { kind: "AbortError", message: "the test cancels" } });
}
