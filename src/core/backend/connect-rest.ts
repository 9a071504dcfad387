import type { Backend } from "./backend.ts";
import { RestBackend, type RestOptions } from "./rest.ts";
import { withLimit } from "./with-limit.ts";
import { type RetryOptions, withRetry } from "./with-retry.ts";

/** restic's own default; browsers open at most six connections to a host over HTTP/1.1. */
const defaultConnections = 5;

/**
 * A REST server with everything that a repository needs around it: at most `connections` operations at once, each repeated
 * until it succeeds, fails for good, or is aborted. An operation that waits to be repeated does not hold its place.
 */
export function connectRest(options: RestOptions, retry: RetryOptions = {}): Backend {
  const connections = options.connections ?? defaultConnections;
  const backend = new RestBackend({ ...options, connections });
  return withRetry(withLimit(backend, connections), retry);
}
