import { afterEach, expect, test } from "vitest";
import { HoldallError, IntegrityError, isAbort } from "../../../src/core/base/errors.ts";
import { readableFromPort, writeToPort } from "../../../src/workers/stream-port.ts";

const opened: MessagePort[] = [];
afterEach(() => {
  for (const port of opened.splice(0)) port.close();
});

function stream(length: number) {
  const { port1, port2 } = new MessageChannel();
  opened.push(port1, port2);
  return { writer: writeToPort(port1), readable: readableFromPort(port2, length), port1, port2 };
}

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values);
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

async function collect(readable: ReadableStream<Uint8Array>): Promise<number[]> {
  return [...new Uint8Array(await new Response(readable).arrayBuffer())];
}

/** Lets every message that is under way arrive: a round trip over a channel of its own. */
async function messagesArrive(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const { port1, port2 } = new MessageChannel();
    await new Promise((resolve) => {
      port2.onmessage = resolve;
      port1.postMessage(null);
    });
    port1.close();
  }
}

test("what is written comes out in order, and close waits for it to be taken", async () => {
  const { writer, readable } = stream(6);
  const got = collect(readable);
  await writer.write(bytes(1, 2, 3));
  await writer.write(bytes());
  await writer.write(bytes(4, 5));
  await writer.write(bytes(6));
  await writer.close();
  expect(await got).toEqual([1, 2, 3, 4, 5, 6]);
});

test("a slow reader finds the piece that waits, then the end", async () => {
  const { writer, readable } = stream(2);
  const reader = readable.getReader();
  const first = reader.read();
  await writer.write(bytes(1));
  await first;
  await writer.write(bytes(2));
  await messagesArrive();
  expect((await reader.read()).value).toEqual(bytes(2));
  const closing = writer.close();
  expect((await reader.read()).done).toBe(true);
  await closing;
});

test("a piece that waits is not read after the failure that followed it", async () => {
  const { writer, readable } = stream(3);
  const reader = readable.getReader();
  const first = reader.read();
  await writer.write(bytes(1));
  await first;
  await writer.write(bytes(2));
  writer.abort(new IntegrityError("mac-mismatch"));
  await messagesArrive();
  expect(await errorOf(reader.read())).toMatchObject({ code: "mac-mismatch" });
});

test("an empty stream ends", async () => {
  const { writer, readable } = stream(0);
  const got = collect(readable);
  await writer.close();
  expect(await got).toEqual([]);
});

test("nothing is sent before somebody reads, and then one piece more than is read", async () => {
  const { writer, readable } = stream(3);
  const written: number[] = [];
  const writing = (async () => {
    for (const value of [1, 2, 3]) {
      await writer.write(bytes(value));
      written.push(value);
    }
    await writer.close();
    written.push(-1);
  })();
  await messagesArrive();
  expect(written).toEqual([]);
  const reader = readable.getReader();
  await reader.read();
  await messagesArrive();
  expect(written).toEqual([1, 2]);
  await reader.read();
  await messagesArrive();
  expect(written).toEqual([1, 2, 3]);
  await reader.read();
  await messagesArrive();
  expect(written).toEqual([1, 2, 3]);
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  await writing;
  expect(written).toEqual([1, 2, 3, -1]);
});

test("written buffers are moved, but a view takes nothing of its neighbours along", async () => {
  const { writer, readable } = stream(4);
  const got = collect(readable);
  const whole = bytes(1, 2);
  const large = bytes(9, 3, 4, 9);
  await writer.write(whole);
  await writer.write(large.subarray(1, 3));
  await writer.close();
  expect(await got).toEqual([1, 2, 3, 4]);
  expect(whole.length).toBe(0);
  expect(large.length).toBe(4);
});

test("an aborted writer makes the consumer's stream fail with its error", async () => {
  const { writer, readable } = stream(3);
  const got = errorOf(collect(readable));
  await writer.write(bytes(1));
  writer.abort(new IntegrityError("mac-mismatch", { blob: "ab" }));
  expect(await got).toBeInstanceOf(IntegrityError);
  expect(await got).toMatchObject({ code: "mac-mismatch", context: { blob: "ab" } });
  expect(await errorOf(writer.write(bytes(2)))).toMatchObject({ code: "mac-mismatch" });
});

test("an abort after the consumer took everything does no harm", async () => {
  const { writer, readable } = stream(1);
  const got = collect(readable);
  await writer.write(bytes(1));
  await writer.close();
  writer.abort(new HoldallError("bug"));
  expect(await got).toEqual([1]);
});

test("a cancelled stream aborts the writer with an AbortError", async () => {
  const { writer, readable } = stream(3);
  const reader = readable.getReader();
  const first = reader.read();
  await writer.write(bytes(1));
  await first;
  await writer.write(bytes(2));
  const waiting = errorOf(writer.write(bytes(3)));
  await reader.cancel();
  expect(isAbort(await waiting)).toBe(true);
  expect(writer.signal.aborted).toBe(true);
  expect(isAbort(await errorOf(writer.close()))).toBe(true);
});

test.each([
  { name: "fewer", given: 2, declared: 3, found: 2 },
  { name: "more", given: 5, declared: 3, found: 4 },
])("a stream of $name bytes than declared fails on both sides", async ({ given, declared, found }) => {
  const { writer, readable } = stream(declared);
  const got = errorOf(collect(readable));
  const writing = (async () => {
    for (let i = 0; i < given; i++) await writer.write(bytes(i));
    await writer.close();
  })();
  expect(await errorOf(writing)).toMatchObject({ code: "short-body" });
  expect(await got).toMatchObject({ code: "short-body", context: { expected: declared, found } });
});

test("a producer that dies makes the consumer's stream fail", async () => {
  const { writer, readable, port1 } = stream(3);
  const got = errorOf(collect(readable));
  await writer.write(bytes(1));
  port1.close();
  expect(await got).toMatchObject({ code: "worker-died" });
});

test("a consumer that dies aborts the producer", async () => {
  const { writer, port2 } = stream(3);
  const waiting = errorOf(writer.write(bytes(1)));
  port2.close();
  expect(await waiting).toMatchObject({ code: "worker-died" });
  expect(writer.signal.aborted).toBe(true);
});

test("a consumer's signal makes the stream fail and tells the producer why", async () => {
  const { port1, port2 } = new MessageChannel();
  opened.push(port1, port2);
  const controller = new AbortController();
  const ends: string[] = [];
  const readable = readableFromPort(port2, 3, { signal: controller.signal, onEnd: () => ends.push("end") });
  const writer = writeToPort(port1);
  const got = errorOf(collect(readable));
  await writer.write(bytes(1));
  controller.abort(new HoldallError("closed"));
  expect(await got).toMatchObject({ code: "closed" });
  await messagesArrive();
  expect(await errorOf(writer.write(bytes(2)))).toMatchObject({ code: "closed" });
  expect(ends).toEqual(["end"]);
});

test("a reader that is done with a piece when it asks for the next gives its memory back then, and not before", async () => {
  const { port1, port2 } = new MessageChannel();
  opened.push(port1, port2);
  const length = 8192;
  const writer = writeToPort(port1);
  const reader = readableFromPort(port2, 2 * length, { discardsTaken: true }).getReader();
  const first = reader.read();
  await writer.write(new Uint8Array(length).fill(1));
  const { value: piece } = await first;
  await messagesArrive();
  expect(piece?.every((byte) => byte === 1)).toBe(true);
  expect(piece?.length).toBe(length);
  const second = reader.read();
  expect(piece?.length).toBe(0);
  await writer.write(new Uint8Array(length).fill(2));
  expect((await second).value?.length).toBe(length);
});
