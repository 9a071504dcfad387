import type { Bytes } from "../core/base/bytes.ts";
import { HoldallError, isAbort } from "../core/base/errors.ts";
import type { CallContext, Method } from "./repository-api.ts";
import { decodeError, encodeError, type WireError } from "./wire-error.ts";

/** A Worker, a worker's own global scope, or a MessagePort (the browser's or Node's). */
export interface RpcPort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
  start?(): void;
}

/** An interface all of whose members are Method<Arguments, Result, Progress>. */
export type Methods<Api> = { [Name in keyof Api]: Method<never, unknown, unknown> };

/** What implements an Api: the same methods, which always get a signal and a progress callback. */
export type Served<Api> = {
  [Name in keyof Api]: Api[Name] extends Method<infer Arguments, infer Result, infer Progress>
    ? (args: Arguments, context: Required<CallContext<Progress>>) => Promise<Result> | Result
    : never;
};

export interface Connection<Api> {
  /** Calls the other side. An aborted call settles when the callee has ended its work, with the signal's reason. */
  readonly api: Api;
  /** Rejects pending and later calls with "closed" and aborts them at the callee. The port itself stays open. */
  close(): void;
}

export interface Service {
  /** Aborts running calls and answers no more. The port itself stays open. */
  close(): void;
}

type Message =
  | { rpc: "call"; id: number; method: string; args: unknown; wantsProgress: boolean }
  | { rpc: "abort"; id: number; reason: WireError }
  | { rpc: "progress"; id: number; value: unknown }
  | { rpc: "result"; id: number; value: unknown }
  | { rpc: "error"; id: number; error: WireError }
  | { rpc: "lost" }; // a message to this side could not be read: nobody knows which call it was

/**
 * Calls the Api that the other side serves. One connection a port; it may serve an Api of its own beside it.
 * When the other side dies, pending and later calls reject with "worker-died", and `onDied` is called once.
 */
export function connect<Api extends Methods<Api>>(
  port: RpcPort,
  onDied: (error: HoldallError) => void = () => {},
): Connection<Api> {
  const caller = new Caller(port, onDied);
  const api = new Proxy({} as Api, {
    get: (_target, name) => {
      // A proxy with a "then" would be taken for a promise by `await`.
      if (typeof name === "symbol" || name === "then") return undefined;
      return (args: unknown, context?: CallContext<unknown>) => caller.call(name, args, context);
    },
  });
  return { api, close: () => caller.close() };
}

/** Answers the calls of the other side's connection. When the other side dies, running calls are aborted. */
export function serve<Api extends Methods<Api>>(port: RpcPort, api: Served<Api>): Service {
  const running = new Map<number, AbortController>();

  const answer = async ({ id, method, args, wantsProgress }: Message & { rpc: "call" }) => {
    const controller = new AbortController();
    running.set(id, controller);
    const onProgress = (value: unknown) => {
      if (wantsProgress && running.has(id)) post(port, { rpc: "progress", id, value }, transferablesOf(value));
    };
    try {
      const value = await invoke(api, method, args, { signal: controller.signal, onProgress });
      post(port, { rpc: "result", id, value }, transferablesOf(value));
    } catch (error) {
      post(port, { rpc: "error", id, error: encodeError(error) });
    } finally {
      running.delete(id);
    }
  };
  const abortAll = (reason: unknown) => {
    for (const controller of running.values()) controller.abort(reason);
  };
  const unlisten = listen(port, {
    message: (message) => {
      if (message.rpc === "call") void answer(message);
      if (message.rpc === "abort") running.get(message.id)?.abort(decodeError(message.reason));
    },
    unreadable: () => post(port, { rpc: "lost" }),
    died: abortAll,
  });
  return {
    close() {
      unlisten();
      abortAll(new HoldallError("closed"));
    },
  };
}

/** Marks buffers, ports or streams inside arguments, a result or a progress value to be moved instead of copied. */
export function transfer<Value extends object>(value: Value, transferables: readonly Transferable[]): Value {
  marked.set(value, [...new Set(transferables)]);
  return value;
}

/** The same bytes in a buffer of exactly their length, so that moving it takes nothing else along. Copies only a view. */
export function wholeBuffer(bytes: Bytes): Bytes {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

const marked = new WeakMap<object, Transferable[]>();

function transferablesOf(value: unknown): Transferable[] {
  return typeof value === "object" && value !== null ? (marked.get(value) ?? []) : [];
}

/** A MessagePort can only be moved, so those that are members of the arguments need no mark. */
function argumentTransferables(args: unknown): Transferable[] {
  if (typeof args !== "object" || args === null) return [];
  const ports = Object.values(args).filter((member) => member instanceof MessagePort);
  return [...new Set([...transferablesOf(args), ...ports])];
}

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onProgress: ((value: unknown) => void) | undefined;
}

class Caller {
  private readonly pending = new Map<number, PendingCall>();
  private readonly unlisten: () => void;
  private lastId = 0;
  private end: HoldallError | null = null;

  constructor(
    private readonly port: RpcPort,
    private readonly onDied: (error: HoldallError) => void,
  ) {
    const died = (error: HoldallError) => this.die(error);
    this.unlisten = listen(port, { message: (message) => this.receive(message), unreadable: died, died });
  }

  async call(method: string, args: unknown, { signal, onProgress }: CallContext<unknown> = {}): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.end) throw this.end;
    const id = ++this.lastId;
    const abort = () => post(this.port, { rpc: "abort", id, reason: encodeError(signal?.reason) });
    signal?.addEventListener("abort", abort);
    try {
      return await new Promise((resolve, reject) => {
        this.pending.set(id, { resolve, reject, onProgress });
        const wantsProgress = onProgress !== undefined;
        post(this.port, { rpc: "call", id, method, args, wantsProgress }, argumentTransferables(args));
      });
    } catch (error) {
      throw isAbort(error) && signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.pending.delete(id);
    }
  }

  close(): void {
    const reason = new HoldallError("closed");
    for (const id of this.pending.keys()) post(this.port, { rpc: "abort", id, reason: encodeError(reason) });
    this.finish(reason);
  }

  private die(error: HoldallError): void {
    this.finish(error);
    this.onDied(error);
  }

  private finish(error: HoldallError): void {
    this.end ??= error;
    this.unlisten();
    for (const call of this.pending.values()) call.reject(error);
  }

  private receive(message: Message): void {
    if (message.rpc === "call" || message.rpc === "abort") return;
    if (message.rpc === "lost") {
      this.die(new HoldallError("worker-died", { reason: "message unreadable" }));
      return;
    }
    const call = this.pending.get(message.id);
    if (message.rpc === "result") call?.resolve(message.value);
    if (message.rpc === "error") call?.reject(decodeError(message.error));
    if (message.rpc === "progress") call?.onProgress?.(message.value);
  }
}

async function invoke(api: object, method: string, args: unknown, context: CallContext<unknown>): Promise<unknown> {
  const implementation: unknown = Reflect.get(api, method);
  if (typeof implementation !== "function") throw new HoldallError("bug", { reason: "no such method", method });
  return Reflect.apply(implementation, api, [args, context]);
}

function post(port: RpcPort, message: Message, transferables: Transferable[] = []): void {
  port.postMessage(message, transferables);
}

interface PortListener {
  message(message: Message): void;
  /** A message arrived that cannot be deserialized here. */
  unreadable(error: HoldallError): void;
  /** The other side is gone, never started, or is in an unknown state after an uncaught error. */
  died(error: HoldallError): void;
}

function listen(port: RpcPort, listener: PortListener): () => void {
  const listeners: Record<string, (event: Event) => void> = {
    message: (event) => {
      const { data } = event as MessageEvent<unknown>;
      if (isMessage(data)) listener.message(data);
    },
    messageerror: () => listener.unreadable(new HoldallError("worker-died", { reason: "message unreadable" })),
    error: (event) => listener.died(diedBy(event)),
    close: () => listener.died(new HoldallError("worker-died", { reason: "port closed" })),
  };
  for (const [type, handle] of Object.entries(listeners)) port.addEventListener(type, handle);
  port.start?.();
  return () => {
    for (const [type, handle] of Object.entries(listeners)) port.removeEventListener(type, handle);
  };
}

function isMessage(data: unknown): data is Message {
  return typeof data === "object" && data !== null && "rpc" in data;
}

/** A worker's script that does not load gives a plain event, an uncaught error in it one with a message. */
function diedBy(event: Event): HoldallError {
  const message = "message" in event && typeof event.message === "string" ? event.message : "";
  const cause = message === "" ? {} : { cause: new Error(message) };
  return new HoldallError("worker-died", { reason: message === "" ? "not loaded" : "uncaught error" }, cause);
}
