import type { Backend } from "../../src/core/backend/backend.ts";

/** The same backend with some of its operations replaced. Object spread would lose the methods of a class. */
export function altered(backend: Backend, changes: Partial<Backend>): Backend {
  return {
    location: backend.location,
    connections: backend.connections,
    create: (signal) => backend.create(signal),
    stat: (handle, signal) => backend.stat(handle, signal),
    list: (type, signal) => backend.list(type, signal),
    load: (handle, signal, range) => backend.load(handle, signal, range),
    save: (handle, bytes, signal, beforeSending) => backend.save(handle, bytes, signal, beforeSending),
    remove: (handle, signal) => backend.remove(handle, signal),
    clockAheadMs: () => backend.clockAheadMs?.() ?? null,
    ...changes,
  };
}
