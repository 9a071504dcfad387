import { type Backend, describeHandle, type Handle } from "../../src/core/backend/backend.ts";
import { BackendError } from "../../src/core/base/errors.ts";

export type OperationName = "create" | "stat" | "list" | "load" | "save" | "remove";

export interface Operation {
  /** 1 for the first operation of this backend. */
  step: number;
  name: OperationName;
  /** "data/<id>", "config"; a listing has its type and a slash. */
  file: string;
}

/** "before": nothing happened. "after": it happened, but the caller is told that it did not. */
export type Failure = "none" | "before" | "after";

export interface ObservedBackend extends Backend {
  readonly operations: Operation[];
}

/** A backend that notes its operations and lets them fail as `decide` says, as a network does. */
export function observed(backend: Backend, decide: (operation: Operation) => Failure = () => "none"): ObservedBackend {
  const operations: Operation[] = [];
  const run = async <T>(name: OperationName, file: string, work: () => Promise<T>): Promise<T> => {
    const operation = { step: operations.length + 1, name, file };
    operations.push(operation);
    const failure = decide(operation);
    if (failure === "before") throw lost(operation);
    const result = await work();
    if (failure === "after") throw lost(operation);
    return result;
  };
  const named = <T>(name: OperationName, handle: Handle, work: () => Promise<T>) =>
    run(name, describeHandle(handle), work);
  return {
    operations,
    location: backend.location,
    connections: backend.connections,
    create: (signal) => run("create", "", () => backend.create(signal)),
    stat: (handle, signal) => named("stat", handle, () => backend.stat(handle, signal)),
    list: (type, signal) => run("list", `${type}/`, () => backend.list(type, signal)),
    load: (handle, signal, range) => named("load", handle, () => backend.load(handle, signal, range)),
    save: (handle, bytes, signal, beforeSending) =>
      named("save", handle, () => backend.save(handle, bytes, signal, beforeSending)),
    remove: (handle, signal) => named("remove", handle, () => backend.remove(handle, signal)),
    clockAheadMs: () => backend.clockAheadMs?.() ?? null,
  };
}

/** A backend that dies at its n-th operation: that one and all later ones fail. */
export function dyingAt(backend: Backend, step: number, how: "before" | "after" = "before"): ObservedBackend {
  return observed(backend, (operation) => {
    if (operation.step < step) return "none";
    return operation.step === step ? how : "before";
  });
}

function lost({ step, name, file }: Operation): BackendError {
  return new BackendError("network", { step, operation: name, file }, { retry: "later" });
}
