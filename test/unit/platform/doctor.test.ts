import { expect, test } from "vitest";
import { type DoctorTools, doctorWith, type Patient, type Rung, rungNames } from "../../../src/platform/doctor.ts";

const page = "https://holdall.home";
const elsewhere: Patient = { url: "https://nas.home:8000/photos/", login: { username: "me", password: "secret" } };

/** Answers each request as a browser would: `null` is a failed one. */
type Answer = (request: { url: string; init: RequestInit }) => Response | null;

function toolsWith(answer: Answer, changes: Partial<DoctorTools> = {}): DoctorTools {
  return {
    isSecureContext: true,
    isOnline: true,
    pageOrigin: page,
    fetch: async (input, init = {}) => {
      const response = answer({ url: String(input), init });
      if (response === null) throw new TypeError("Failed to fetch");
      return response;
    },
    hasServiceWorker: async () => true,
    watchPolicy: () => () => {},
    untilPolicyTold: async () => {},
    localNetworkPermission: async () => null,
    ...changes,
  };
}

async function examine(tools: DoctorTools, patient = elsewhere): Promise<readonly Rung[]> {
  return doctorWith(tools)(patient, { signal: new AbortController().signal, onRungs: () => {} });
}

function firstBad(rungs: readonly Rung[]): Rung | undefined {
  return rungs.find(({ state }) => state === "bad");
}

const readable =
  (status: number, headers: HeadersInit = {}): Answer =>
  ({ init }) =>
    init.mode === "no-cors" ? Response.error() : new Response(null, { status, headers });

test("a server that answers well has no cross", async () => {
  const rungs = await examine(toolsWith(readable(200)));
  expect(rungs.map(({ name }) => name)).toEqual(rungNames);
  expect(rungs.every(({ state }) => state === "good")).toBe(true);
});

test.each<[string, Partial<DoctorTools>, Answer, Pick<Rung, "name" | "detail">]>([
  ["http beyond this machine", { isSecureContext: false }, readable(200), { name: "secure-context", detail: null }],
  ["no network", { isOnline: false }, () => null, { name: "online", detail: null }],
  ["nobody there", {}, () => null, { name: "reachable", detail: null }],
  [
    "a refused permission",
    { localNetworkPermission: async () => "denied" },
    () => null,
    { name: "local-network", detail: null },
  ],
  [
    "no leave for this page to read",
    {},
    ({ init }) => (init.mode === "no-cors" ? Response.error() : null),
    { name: "cors", detail: null },
  ],
  ["a wrong login", {}, readable(401), { name: "login", detail: null }],
  ["a login without rights", {}, readable(403), { name: "login", detail: "403" }],
  ["a web page", {}, readable(200, { "Content-Type": "text/html" }), { name: "rest-server", detail: "html" }],
  ["a broken proxy", {}, readable(502), { name: "rest-server", detail: "502" }],
  ["a redirect", {}, readable(302, { Location: "https://elsewhere/" }), { name: "rest-server", detail: "redirected" }],
  ["an empty place", {}, readable(404), { name: "repository", detail: null }],
])("%s is the first cross", async (_what, changes, answer, expected) => {
  expect(firstBad(await examine(toolsWith(answer, changes)))).toMatchObject({ ...expected, state: "bad" });
});

test("an address that the page's own policy blocks is told from a server that is off", async () => {
  let tell: (url: string) => void = () => {};
  const rungs = await examine(
    toolsWith(() => null, {
      watchPolicy: (onBlocked) => {
        tell = onBlocked;
        return () => {};
      },
      // Only after the request has failed, as browsers do.
      untilPolicyTold: async () => tell("https://nas.home:8000/photos/config"),
    }),
  );
  expect(firstBad(rungs)?.name).toBe("page-policy");
});

test("a policy that blocked something else is not blamed", async () => {
  const rungs = await examine(
    toolsWith(() => null, {
      watchPolicy: (onBlocked) => {
        onBlocked("https://other.example/x");
        onBlocked("blob");
        return () => {};
      },
    }),
  );
  expect(firstBad(rungs)?.name).toBe("reachable");
});

test("http from an https page is mixed content, but not on this machine; neither is asked then", async () => {
  const asked: string[] = [];
  const tools = toolsWith(({ url }) => {
    asked.push(url);
    return new Response(null, { status: 200 });
  });
  const plain = { url: "http://nas.home/photos/", login: null };
  expect(firstBad(await examine(tools, plain))?.name).toBe("mixed-content");
  expect(asked).toEqual([]);
  expect(firstBad(await examine(tools, { url: "http://localhost:8000/a/", login: null }))).toBeUndefined();
});

test("a missing login is told from a wrong one", async () => {
  const rungs = await examine(toolsWith(readable(401)), { ...elsewhere, login: null });
  expect(firstBad(rungs)).toMatchObject({ name: "login", detail: "no-login" });
});

test("a login is sent over https and on this machine, and nowhere else", async () => {
  const sent: [string, boolean][] = [];
  const tools = toolsWith(
    ({ url, init }) => {
      if (init.mode !== "no-cors") sent.push([url, new Headers(init.headers).has("authorization")]);
      expect(init).toMatchObject({ credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" });
      return new Response(null, { status: 200 });
    },
    { pageOrigin: "http://localhost:4653" },
  );
  const login = { username: "me", password: "secret" };
  for (const url of ["https://nas.home/", "http://127.0.0.1:8000/", "http://nas.home/"])
    await examine(tools, { url, login });
  expect(sent).toEqual([
    ["https://nas.home/config", true],
    ["http://127.0.0.1:8000/config", true],
    ["http://nas.home/config", false],
  ]);
});

test("what could not be reached any more stands as unknown", async () => {
  const rungs = await examine(toolsWith(() => null));
  expect(rungs.slice(rungNames.indexOf("cors")).map(({ state }) => state)).toEqual(Array(4).fill("unknown"));
});

test("without a service worker nothing is wrong enough for a cross", async () => {
  const rungs = await examine(toolsWith(readable(200), { hasServiceWorker: async () => false }));
  expect(rungs.find(({ name }) => name === "service-worker")?.state).toBe("unknown");
  expect(firstBad(rungs)).toBeUndefined();
});

test("leaving ends it with the signal's reason, and the rungs so far were told", async () => {
  const leaving = new AbortController();
  const told: number[] = [];
  const tools = toolsWith(() => {
    leaving.abort(new DOMException("left", "AbortError"));
    return null;
  });
  const examining = doctorWith(tools)(elsewhere, {
    signal: leaving.signal,
    onRungs: (rungs) => told.push(rungs.filter(({ state }) => state === "good").length),
  });
  await expect(examining).rejects.toThrow("left");
  expect(told).toEqual([1, 2, 3, 4]);
});
