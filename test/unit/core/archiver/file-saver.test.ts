import { expect, test } from "vitest";
import { FileSaver } from "../../../../src/core/archiver/file-saver.ts";
import type { OpenFile } from "../../../../src/core/archiver/steady-file.ts";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import type { SourceFile } from "../../../../src/core/base/ports.ts";
import type { Codec, FileToSave, SavedFile, SaveJob } from "../../../../src/core/codec/codec.ts";

const mebibyte = 1024 * 1024;
const stretchLength = 16 * mebibyte;

const job: SaveJob = {
  compression: "auto",
  receiver: { claim: async (ids) => ids.map(() => true), store: async ({ buffer }) => buffer },
  signal: new AbortController().signal,
};

/** A file that says its size and holds nothing: the codec below never reads it. */
function sourceFile(size: number, modifiedMs = 0): SourceFile {
  return { size, modifiedMs, blob: new Blob() };
}

/** A file that looks the same whenever it is opened. */
function fileOf(size: number): OpenFile {
  return { file: sourceFile(size), open: async () => sourceFile(size) };
}

const options = { onRead: () => {}, now: () => 0 };

function idOf(number: number): Id {
  return parseId(number.toString(16).padStart(64, "0")) as Id;
}

/** A codec that notes what is in flight, and answers a turn of the event loop later. */
class NotingCodec implements Codec {
  readonly parallelism = 3;
  readonly groups: number[] = [];
  inFlight = 0;
  mostInFlight = 0;

  constructor(private readonly unreadableOffset = Number.POSITIVE_INFINITY) {}

  async saveSmallFiles(files: readonly FileToSave[]): Promise<SavedFile[]> {
    this.groups.push(files.length);
    return this.noted(async () => files.map(({ size }) => ({ content: [idOf(size)] })));
  }

  async saveStretch(file: FileToSave, offset: number, onCut: (next: number) => void) {
    return this.noted(async () => {
      if (offset >= this.unreadableOffset) throw new HoldallError("source-unreadable");
      const length = Math.min(stretchLength, file.size - offset);
      onCut(offset + length);
      await turn();
      return { content: [idOf(offset / stretchLength)], length };
    });
  }

  async sealBlob(): Promise<never> {
    throw new Error("not asked for");
  }

  async openBlobs(): Promise<never> {
    throw new Error("not asked for");
  }

  async checkPack(): Promise<never> {
    throw new Error("not asked for");
  }

  async openIndex(): Promise<never> {
    throw new Error("not asked for");
  }

  close(): void {}

  private async noted<T>(work: () => Promise<T>): Promise<T> {
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    await turn();
    try {
      return await work();
    } finally {
      this.inFlight--;
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("a file of any size is never more than the codec's parallelism in memory", async () => {
  const codec = new NotingCodec();
  let read = 0;
  const onRead = (length: number) => {
    read += length;
  };
  const saver = new FileSaver(codec, job, { ...options, onRead });
  const large = await Promise.all([
    saver.begin(fileOf(100 * stretchLength + 5)),
    saver.begin(fileOf(40 * stretchLength)),
  ]);
  const contents = await Promise.all(large.map(({ saved }) => saved));
  expect(codec.mostInFlight).toBe(3);
  expect(read).toBe(140 * stretchLength + 5);
  expect(contents[0]).toMatchObject({ content: Array.from({ length: 101 }, (_, i) => idOf(i)) });
});

test("small files are saved in groups, each with its own content", async () => {
  const codec = new NotingCodec();
  const saver = new FileSaver(codec, job, options);
  const begun = [];
  for (let size = 1; size <= 550; size++) begun.push(await saver.begin(fileOf(size)));
  await saver.flush();
  const contents = await Promise.all(begun.map(({ saved }) => saved));
  expect(codec.groups).toEqual([256, 256, 38]);
  expect(contents).toMatchObject(Array.from({ length: 550 }, (_, i) => ({ content: [idOf(i + 1)] })));
});

test("files that are not opened yet are opened some at a time, and none is forgotten when the groups are saved", async () => {
  const codec = new NotingCodec();
  const saver = new FileSaver(codec, job, options);
  let opening = 0;
  let mostOpening = 0;
  const unopened = (size: number) => ({
    file: { size, modifiedMs: 0 },
    open: async () => {
      mostOpening = Math.max(mostOpening, ++opening);
      await turn();
      opening--;
      return sourceFile(size);
    },
  });
  const begun = [];
  for (let size = 1; size <= 300; size++) begun.push(await saver.begin(unopened(size)));
  await saver.flush();
  const contents = await Promise.all(begun.map(({ saved }) => saved));
  expect(mostOpening).toBe(256);
  expect(contents).toMatchObject(Array.from({ length: 300 }, (_, i) => ({ content: [idOf(i + 1)] })));
  expect(codec.groups).toEqual([256, 44]);
});

test("a file that cannot be opened when its turn comes is an error of its own, whatever it was thought to be", async () => {
  const saver = new FileSaver(new NotingCodec(), job, options);
  const unopened = (open: () => Promise<SourceFile>) => ({ file: { size: 4, modifiedMs: 0 }, open });
  const gone = await saver.begin(unopened(() => Promise.reject(new HoldallError("source-unreadable"))));
  const grown = await saver.begin(unopened(async () => sourceFile(9, 7)));
  await saver.flush();
  expect(await gone.saved).toMatchObject({ error: { code: "source-unreadable" }, durationMs: 0 });
  expect(await grown.saved).toMatchObject({ content: [idOf(9)], file: { size: 9, modifiedMs: 7 } });
  const broken = await saver.begin(unopened(() => Promise.reject(new Error("the run must end"))));
  await expect(broken.saved).rejects.toThrow("the run must end");
});

test("a group has at most 4 MiB and a file more", async () => {
  const codec = new NotingCodec();
  const saver = new FileSaver(codec, job, options);
  for (let i = 0; i < 20; i++) await saver.begin(fileOf(500_000));
  await saver.flush();
  expect(codec.groups).toEqual([9, 9, 2]);
});

test("an empty file needs no codec", async () => {
  const codec = new NotingCodec();
  const { saved } = await new FileSaver(codec, job, options).begin(fileOf(0));
  expect(await saved).toMatchObject({ content: [] });
  expect(codec.groups).toEqual([]);
});

test("a large file that becomes unreadable is an error of its own, and its places are free again", async () => {
  const codec = new NotingCodec(2 * stretchLength);
  const saver = new FileSaver(codec, job, options);
  const { saved } = await saver.begin(fileOf(10 * stretchLength));
  expect(await saved).toMatchObject({ error: { code: "source-unreadable" } });
  for (let i = 0; i < 4; i++) {
    const next = await saver.begin(fileOf(mebibyte));
    expect(await next.saved).toMatchObject({ content: [idOf(0)] });
  }
});

test("the time of a group is shared out by size, that of a large file is its own", async () => {
  const codec = new NotingCodec();
  let nowMs = 0;
  const saver = new FileSaver(codec, job, { ...options, now: () => (nowMs += 3000) });
  const small = [await saver.begin(fileOf(100)), await saver.begin(fileOf(200))];
  await saver.flush();
  const durations = (await Promise.all(small.map(({ saved }) => saved))).map(({ durationMs }) => durationMs);
  expect(durations).toEqual([1000, 2000]);
  const { saved } = await saver.begin(fileOf(mebibyte));
  expect((await saved).durationMs).toBe(3000);
});

test("of a group only what could be read counts as read", async () => {
  const codec = new NotingCodec();
  codec.saveSmallFiles = async (files) =>
    files.map(({ size }) =>
      size === 7 ? { error: new HoldallError("source-unreadable") } : { content: [idOf(size)] },
    );
  let read = 0;
  const onRead = (length: number) => {
    read += length;
  };
  const saver = new FileSaver(codec, job, { ...options, onRead });
  const begun = [await saver.begin(fileOf(5)), await saver.begin(fileOf(7)), await saver.begin(fileOf(11))];
  await saver.flush();
  const contents = await Promise.all(begun.map(({ saved }) => saved));
  expect(contents.map((content) => "error" in content)).toEqual([false, true, false]);
  expect(read).toBe(16);
});
