import { expect, test } from "vitest";
import { loadVerified } from "../../../../src/core/backend/verified-load.ts";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { hashId } from "../../../../src/core/base/id.ts";

const { signal } = new AbortController();
const handle = { type: "index", id: await hashId(utf8("right")) } as const;

/** A backend that gives these answers in turn. */
function answering(...answers: (Bytes | Error)[]) {
  return {
    loads: 0,
    async load(): Promise<Bytes> {
      const answer = answers[this.loads++];
      if (answer instanceof Error) throw answer;
      return answer ?? new Uint8Array(0);
    },
  };
}

test("a file whose hash is its name is loaded once", async () => {
  const backend = answering(utf8("right"));
  expect(await loadVerified(backend, handle, signal)).toEqual(utf8("right"));
  expect(backend.loads).toBe(1);
});

test("a file that was damaged on the way is loaded again", async () => {
  const backend = answering(utf8("wrong"), utf8("right"));
  expect(await loadVerified(backend, handle, signal)).toEqual(utf8("right"));
});

test("a file that is damaged where it is stored is an error that names it, after two loads", async () => {
  const backend = answering(utf8("wrong"), utf8("wrong"), utf8("right"));
  await expect(loadVerified(backend, handle, signal)).rejects.toMatchObject({
    name: "IntegrityError",
    code: "file-hash-mismatch",
    retry: "never",
    context: { type: "index", id: handle.id },
  });
  expect(backend.loads).toBe(2);
});

test("the backend's errors pass", async () => {
  const error = new BackendError("not-found");
  await expect(loadVerified(answering(error), handle, signal)).rejects.toBe(error);
});
