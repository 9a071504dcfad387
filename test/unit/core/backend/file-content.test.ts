import { describe, expect, test } from "vitest";
import { blobOf, bytesOf, lengthOf, refuseLost } from "../../../../src/core/backend/file-content.ts";
import { RestBackend } from "../../../../src/core/backend/rest.ts";
import { hashId } from "../../../../src/core/base/id.ts";

const bytes = Uint8Array.of(1, 2, 3);
const signal = new AbortController().signal;

/** A Blob as it is when the file behind it is gone. */
function lostBlob(): Blob {
  const lost = new Blob([bytes]);
  const fail = async () => {
    throw new DOMException("gone", "NotReadableError");
  };
  return Object.assign(lost, { arrayBuffer: fail, slice: () => Object.assign(new Blob(), { arrayBuffer: fail }) });
}

describe.each([
  ["in memory", bytes],
  ["in a Blob", new Blob([bytes])],
])("content %s", (_, content) => {
  test("has its length, as bytes and as a Blob, and is not lost", async () => {
    expect(lengthOf(content)).toBe(3);
    expect(await bytesOf(content)).toEqual(bytes);
    expect(new Uint8Array(await blobOf(content).arrayBuffer())).toEqual(bytes);
    await refuseLost(content, {});
  });
});

test("an upload whose content is lost on this device's disk ends for good, and is no broken connection", async () => {
  const broken: typeof fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  const backend = new RestBackend({ url: "http://127.0.0.1:1/repository/", login: null, fetch: broken });
  const handle = { type: "data", id: await hashId(bytes) } as const;
  await expect(backend.save(handle, bytes, signal)).rejects.toMatchObject({ code: "network", retry: "later" });
  await expect(backend.save(handle, lostBlob(), signal)).rejects.toMatchObject({
    code: "storage-refused",
    retry: "never",
    context: { reason: "pack-lost" },
  });
});
