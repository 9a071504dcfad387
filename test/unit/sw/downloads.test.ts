import { afterEach, expect, test } from "vitest";
import { Downloads } from "../../../src/sw/downloads.ts";
import { type StreamWriter, writeToPort } from "../../../src/workers/stream-port.ts";

const opened: MessagePort[] = [];
afterEach(() => {
  for (const port of opened.splice(0)) port.close();
});

function requested(downloads: Downloads, id: string, clientId = "page"): StreamWriter {
  const { port1, port2 } = new MessageChannel();
  opened.push(port1, port2);
  downloads.add({ id, name: "f", sizeBytes: 4, port: port1, clientId });
  return writeToPort(port2);
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

test("a requested download streams what the port gives, once", async () => {
  const downloads = new Downloads();
  const writer = requested(downloads, "1");
  const body = downloads.answer("1").text();
  expect(downloads.areRunning).toBe(true);
  await writer.write(new TextEncoder().encode("text"));
  await writer.close();
  expect(await body).toBe("text");
  expect(downloads.areRunning).toBe(false);
  expect(downloads.answer("1").status).toBe(404);
});

test("a download that nobody requested is 404", () => {
  expect(new Downloads().answer("1").status).toBe(404);
});

test("a download that fails while it streams never looks finished", async () => {
  const downloads = new Downloads();
  const writer = requested(downloads, "1");
  const body = errorOf(downloads.answer("1").text());
  await writer.write(new TextEncoder().encode("text"));
  downloads.fail("1");
  expect(await body).toMatchObject({ code: "closed" });
  expect(await errorOf(writer.close())).toMatchObject({ code: "closed" });
  expect(downloads.areRunning).toBe(false);
});

test("a download that fails before it is fetched is 404, and its writer is told", async () => {
  const downloads = new Downloads();
  const writer = requested(downloads, "1");
  downloads.fail("1");
  expect(downloads.answer("1").status).toBe(404);
  expect(await errorOf(writer.write(Uint8Array.of(1)))).toMatchObject({ code: "worker-died" });
});

test("downloads of pages that are gone fail, others go on", async () => {
  const downloads = new Downloads();
  requested(downloads, "gone", "closed page");
  const writer = requested(downloads, "stays", "open page");
  const gone = errorOf(downloads.answer("gone").text());
  const stays = downloads.answer("stays").text();
  await downloads.failOrphans(async (clientId) => clientId === "open page");
  expect(await gone).toMatchObject({ code: "closed" });
  await writer.write(new TextEncoder().encode("text"));
  await writer.close();
  expect(await stays).toBe("text");
});
