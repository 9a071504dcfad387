import { afterEach, expect, test, vi } from "vitest";
import type { SpawnedWorker } from "../../../src/workers/starting-worker.ts";
import { workerPlaces } from "../../../src/workers/worker-places.ts";

const script = "https://holdall.example/assets/repository-worker-AbCdEf12.js";
const kept = "https://holdall.example/sw-offline/repository-worker-AbCdEf12.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The addresses in their order, with a shell in control of the page or not, and this answer of the server. */
async function placesWith(options: { controlled: boolean; answer: () => Promise<Response>; url?: string }) {
  const requests: [string, string | undefined][] = [];
  vi.stubGlobal("navigator", { serviceWorker: { controller: options.controlled ? {} : null } });
  vi.stubGlobal("fetch", (url: string, { method }: RequestInit) => {
    requests.push([url, method]);
    return options.answer();
  });
  const started: string[] = [];
  const start = (url: string) => {
    started.push(url);
    return {} as SpawnedWorker;
  };
  for await (const place of workerPlaces(options.url ?? script, start)) place();
  return { started, requests };
}

const answers = async () => new Response(null, { status: 200 });
const fails = () => Promise.reject(new TypeError("Failed to fetch"));

test("a server that answers gives the script, and the shell stands in for it", async () => {
  expect(await placesWith({ controlled: true, answer: answers })).toEqual({
    started: [script, kept],
    requests: [[script, "HEAD"]],
  });
});

test("without an answer the shell comes first", async () => {
  expect((await placesWith({ controlled: true, answer: fails })).started).toEqual([kept, script]);
});

test("a server whose answer takes too long is not taken for one that is gone", async () => {
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort(new DOMException("late", "TimeoutError")));
  expect((await placesWith({ controlled: true, answer: fails })).started).toEqual([script, kept]);
});

test("without a shell nobody is asked", async () => {
  expect(await placesWith({ controlled: false, answer: fails })).toEqual({ started: [script, kept], requests: [] });
});

test("a script that is not among the built ones has one address", async () => {
  const url = "http://localhost:5173/workers/repository-worker.ts?worker_file&type=module";
  expect(await placesWith({ controlled: true, answer: answers, url })).toEqual({ started: [url], requests: [] });
});
