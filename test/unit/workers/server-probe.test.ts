import { describe, expect, test } from "vitest";
import type { Backend } from "../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../src/core/backend/memory.ts";
import { BackendError } from "../../../src/core/base/errors.ts";
import type { RepositoryLocation } from "../../../src/workers/repository-api.ts";
import { ServerProbe } from "../../../src/workers/server-probe.ts";
import { altered } from "../../support/altered-backend.ts";
import { observed } from "../../support/failing-backend.ts";
import { TestClock } from "../../support/test-clock.ts";

const { signal } = new AbortController();
const rest: RepositoryLocation = { kind: "rest", url: "https://nas.example/", login: null, connections: null };

/** A server whose answer to a removal is this. */
function server(remove: Backend["remove"]): Backend {
  return altered(new MemoryBackend(), { remove, clockAheadMs: () => 1234 });
}

async function probe(backend: Backend, location = rest) {
  const clock = new TestClock();
  const probed = new ServerProbe(location, clock, signal);
  probed.begin(backend);
  const found = await clock.run(probed.end());
  expect(clock.pending).toBe(0);
  return { ...found, tookMs: clock.now() - new TestClock().now() };
}

describe("while a repository is opened", () => {
  test.each<[string, boolean | null]>([
    ["append-only", true],
    ["method-refused", null],
    ["login-rejected", null],
    ["network", null],
  ])("a server that answers a removal with %s is append-only: %s", async (code, expected) => {
    const backend = server(async () => {
      throw new BackendError(code as "network");
    });
    expect(await probe(backend)).toEqual({ appendOnly: expected, clockAheadMs: 1234, tookMs: 0 });
  });

  test("a server that removes is not append-only, and is asked once, for a name that nobody has", async () => {
    const backend = observed(new MemoryBackend());
    expect((await probe(backend)).appendOnly).toBe(false);
    expect((await probe(backend)).appendOnly).toBe(false);
    const names = backend.operations.map(({ name, file }) => `${name} ${file}`);
    expect(names).toEqual([
      expect.stringMatching(/^remove data\/[0-9a-f]{64}$/),
      expect.stringMatching(/^remove data/),
    ]);
    expect(new Set(names).size).toBe(2);
  });

  test("a server that does not answer is waited for two seconds at most", async () => {
    const silent = server(
      (_handle, removeSignal) =>
        new Promise((_, reject) => removeSignal.addEventListener("abort", () => reject(removeSignal.reason))),
    );
    expect(await probe(silent)).toEqual({ appendOnly: null, clockAheadMs: 1234, tookMs: 2000 });
  });

  test("a folder is not asked, nor what was never reached", async () => {
    const backend = observed(new MemoryBackend());
    const folder = { kind: "folder", handle: {} as FileSystemDirectoryHandle } as const;
    expect(await probe(backend, folder)).toMatchObject({ appendOnly: null, clockAheadMs: null });
    expect(backend.operations).toEqual([]);
    const clock = new TestClock();
    expect(await clock.run(new ServerProbe(rest, clock, signal).end())).toEqual({
      appendOnly: null,
      clockAheadMs: null,
    });
  });
});
