import { afterEach, expect, test } from "vitest";
import { HoldallError, IntegrityError, isAbort, QuotaError } from "../../../src/core/base/errors.ts";
import type { Method } from "../../../src/workers/repository-api.ts";
import { connect, type Served, serve, transfer } from "../../../src/workers/rpc.ts";

interface EchoApi {
  echo: Method<{ value: unknown }, unknown>;
  count: Method<{ to: number }, string, number>;
  wait: Method<{ started: boolean }, void, "started">;
  fail: Method<{ how: "integrity" | "quota" | "plain" | "login" | "unclonable" }, unknown>;
  double: Method<{ bytes: Uint8Array<ArrayBuffer> }, { bytes: Uint8Array<ArrayBuffer>; sentLength: number }>;
  talk: Method<{ port: MessagePort }, void>;
  close: Method<Record<never, never>, string>;
}

const echo: Served<EchoApi> = {
  echo: ({ value }) => value,
  count({ to }, { onProgress }) {
    for (let i = 1; i <= to; i++) onProgress(i);
    return "counted";
  },
  wait: (_args, { signal, onProgress }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      onProgress("started");
    }),
  fail({ how }) {
    if (how === "integrity") throw new IntegrityError("mac-mismatch", { file: "ab" }, { retry: "later" });
    if (how === "quota") throw new QuotaError("quota-exceeded", {}, { cause: new RangeError("disk full") });
    if (how === "login") throw new TypeError("bad URL https://me:se@cret@host/x, header 'Basic bWU6c2VjcmV0'");
    if (how === "unclonable") return () => {};
    throw new RangeError("out of luck");
  },
  double: ({ bytes }) => ({ bytes, sentLength: bytes.length }),
  talk: ({ port }) => port.postMessage("hello"),
  close: () => "the method named close",
};

const opened: MessagePort[] = [];
afterEach(() => {
  for (const port of opened.splice(0)) port.close();
});

function channel(): MessageChannel {
  const pair = new MessageChannel();
  opened.push(pair.port1, pair.port2);
  return pair;
}

function echoConnection(onDied?: (error: HoldallError) => void) {
  const { port1, port2 } = channel();
  const service = serve<EchoApi>(port2, echo);
  return { ...connect<EchoApi>(port1, onDied), service, port1, port2 };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

test("a call returns what the other side's method returns, also for a method named close", async () => {
  const { api } = echoConnection();
  expect(await api.echo({ value: { deep: [1, new Date(0)] } })).toEqual({ deep: [1, new Date(0)] });
  expect(await api.close({})).toBe("the method named close");
});

test("calls in flight at once get each its own answer", async () => {
  const { api } = echoConnection();
  const values = Array.from({ length: 50 }, (_, index) => index);
  expect(await Promise.all(values.map((value) => api.echo({ value })))).toEqual(values);
});

test("progress arrives in order and before the result", async () => {
  const { api } = echoConnection();
  const seen: number[] = [];
  expect(await api.count({ to: 5 }, { onProgress: (value) => seen.push(value) })).toBe("counted");
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

test("an abort reaches the callee and comes back as the caller's own AbortError", async () => {
  const { api } = echoConnection();
  const controller = new AbortController();
  const error = await errorOf(
    api.wait({ started: true }, { signal: controller.signal, onProgress: () => controller.abort() }),
  );
  expect(error).toBe(controller.signal.reason);
  expect(isAbort(error)).toBe(true);
});

test("an abort with a typed reason gives the callee that reason", async () => {
  const { api } = echoConnection();
  const controller = new AbortController();
  const stop = () => controller.abort(new HoldallError("lock-lost", { lock: "ab" }));
  const error = await errorOf(api.wait({ started: true }, { signal: controller.signal, onProgress: stop }));
  expect(error).toMatchObject({ code: "lock-lost", context: { lock: "ab" } });
});

test("a call whose signal is aborted already is not sent", async () => {
  const { port1, port2 } = channel();
  const calls: string[] = [];
  serve<EchoApi>(port2, { ...echo, echo: () => calls.push("echo") });
  const { api } = connect<EchoApi>(port1);
  expect(isAbort(await errorOf(api.echo({ value: 1 }, { signal: AbortSignal.abort() })))).toBe(true);
  await api.count({ to: 0 });
  expect(calls).toEqual([]);
});

test("an error keeps its class, code, retry and context", async () => {
  const error = await errorOf(echoConnection().api.fail({ how: "integrity" }));
  expect(error).toBeInstanceOf(IntegrityError);
  expect(error).toMatchObject({ code: "mac-mismatch", retry: "later", context: { file: "ab" } });
});

test("an error keeps its cause's name and message", async () => {
  const error = await errorOf(echoConnection().api.fail({ how: "quota" }));
  expect(error).toBeInstanceOf(QuotaError);
  expect(error).toMatchObject({ cause: { name: "RangeError", message: "disk full" } });
});

test("an unforeseen error becomes a bug with its message", async () => {
  const error = await errorOf(echoConnection().api.fail({ how: "plain" }));
  expect(error).toMatchObject({ code: "bug", context: { error: "RangeError", message: "out of luck" } });
});

test("an unforeseen error that quotes a login loses it", async () => {
  const error = await errorOf(echoConnection().api.fail({ how: "login" }));
  expect(error).toBeInstanceOf(HoldallError);
  const { message, context, cause } = error as HoldallError;
  const everything = JSON.stringify([message, context, (cause as Error).message, (cause as Error).stack]);
  expect(everything).toContain("//host/x");
  expect(everything).not.toMatch(/me:|cret|bWU6/);
});

test("a result that cannot be cloned is a bug, not a call without end", async () => {
  const error = await errorOf(echoConnection().api.fail({ how: "unclonable" }));
  expect(error).toMatchObject({ code: "bug", context: { error: "DataCloneError" } });
});

test("arguments that cannot be cloned reject the call", async () => {
  const error = await errorOf(echoConnection().api.echo({ value: () => {} }));
  expect(error).toMatchObject({ name: "DataCloneError" });
});

test("an unknown method is a bug", async () => {
  const { port1, port2 } = channel();
  serve<EchoApi>(port2, echo);
  const { api } = connect<EchoApi & { more: Method<Record<never, never>, void> }>(port1);
  expect(await errorOf(api.more({}))).toMatchObject({ code: "bug", context: { method: "more" } });
});

test("marked buffers move both ways", async () => {
  const { port1, port2 } = channel();
  const sent: Uint8Array[] = [];
  serve<EchoApi>(port2, {
    ...echo,
    double({ bytes }) {
      const doubled = new Uint8Array(bytes.length * 2);
      sent.push(doubled);
      return transfer({ bytes: doubled, sentLength: bytes.length }, [doubled.buffer]);
    },
  });
  const bytes = new Uint8Array(10);
  const result = await connect<EchoApi>(port1).api.double(transfer({ bytes }, [bytes.buffer, bytes.buffer]));
  expect(result).toMatchObject({ sentLength: 10, bytes: { length: 20 } });
  expect([bytes.length, sent[0]?.length]).toEqual([0, 0]);
});

test("a message port in the arguments moves without a mark", async () => {
  const { port1, port2 } = channel();
  const heard = new Promise((resolve) => {
    port1.onmessage = (event) => resolve(event.data);
  });
  await echoConnection().api.talk({ port: port2 });
  expect(await heard).toBe("hello");
});

test("each side of one port can serve and call at once", async () => {
  const { port1, port2 } = channel();
  serve<EchoApi>(port1, { ...echo, echo: ({ value }) => `first got ${value}` });
  serve<EchoApi>(port2, { ...echo, echo: ({ value }) => `second got ${value}` });
  const first = connect<EchoApi>(port1);
  const second = connect<EchoApi>(port2);
  const answers = await Promise.all([first.api.echo({ value: "a" }), second.api.echo({ value: "b" })]);
  expect(answers).toEqual(["second got a", "first got b"]);
});

test("a dying other side rejects pending and later calls and is reported once", async () => {
  const deaths: HoldallError[] = [];
  const { api, port2 } = echoConnection((error) => deaths.push(error));
  const pending = api.wait({ started: true }, { onProgress: () => port2.close() });
  expect(await errorOf(pending)).toMatchObject({ code: "worker-died" });
  expect(await errorOf(api.echo({ value: 1 }))).toMatchObject({ code: "worker-died" });
  expect(deaths).toHaveLength(1);
});

test("a dying caller aborts what runs for it", async () => {
  const { port1, port2 } = channel();
  const aborted = new Promise<unknown>((resolve) => {
    serve<EchoApi>(port2, {
      ...echo,
      wait: (_args, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            resolve(signal.reason);
            reject(signal.reason);
          });
          port1.close();
        }),
    });
  });
  void connect<EchoApi>(port1)
    .api.wait({ started: true })
    .catch(() => {});
  expect(await aborted).toMatchObject({ code: "worker-died" });
});

test("a worker that does not load is a dead one", async () => {
  const events = new EventTarget();
  const worker = Object.assign(events, { postMessage: () => {} });
  const pending = connect<EchoApi>(worker).api.echo({ value: 1 });
  events.dispatchEvent(new Event("error"));
  expect(await errorOf(pending)).toMatchObject({ code: "worker-died", context: { reason: "not loaded" } });
});

test("a message that the callee cannot read ends the connection instead of a call without end", async () => {
  const events = new EventTarget();
  const { port1, port2 } = channel();
  const deaf = Object.assign(events, { postMessage: port2.postMessage.bind(port2) });
  serve<EchoApi>(deaf, echo);
  const pending = connect<EchoApi>(port1).api.echo({ value: 1 });
  events.dispatchEvent(new Event("messageerror"));
  expect(await errorOf(pending)).toMatchObject({ code: "worker-died", context: { reason: "message unreadable" } });
});

test("close rejects pending and later calls with closed, and aborts them at the callee", async () => {
  const { port1, port2 } = channel();
  const reasons: Promise<unknown> = new Promise((resolve) => {
    serve<EchoApi>(port2, {
      ...echo,
      wait: (_args, { signal, onProgress }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            resolve(signal.reason);
            reject(signal.reason);
          });
          onProgress("started");
        }),
    });
  });
  const connection = connect<EchoApi>(port1);
  const pending = connection.api.wait({ started: true }, { onProgress: () => connection.close() });
  expect(await errorOf(pending)).toMatchObject({ code: "closed" });
  expect(await errorOf(connection.api.echo({ value: 1 }))).toMatchObject({ code: "closed" });
  expect(await reasons).toMatchObject({ code: "closed" });
});

test("a closed service aborts running calls", async () => {
  const { api, service } = echoConnection();
  const pending = api.wait({ started: true }, { onProgress: () => service.close() });
  expect(await errorOf(pending)).toMatchObject({ code: "closed" });
});
