import { afterEach, expect, test } from "vitest";
import { HoldallError } from "../../../src/core/base/errors.ts";
import { type Download, throughSavePicker } from "../../../src/platform/save-picker.ts";
import { writeToPort } from "../../../src/workers/stream-port.ts";

afterEach(() => {
  Reflect.deleteProperty(globalThis, "window");
});

/** A file as the picker gives it: what is written counts only when the stream is closed. */
class PickedFile {
  contents: string;
  removed = false;
  suggested = "";

  constructor(contents = "") {
    this.contents = contents;
  }

  install(refusal: Error | null = null): this {
    const showSaveFilePicker = async ({ suggestedName }: { suggestedName: string }) => {
      if (refusal !== null) throw refusal;
      this.suggested = suggestedName;
      return this;
    };
    Reflect.set(globalThis, "window", { showSaveFilePicker });
    return this;
  }

  async getFile() {
    return { size: this.contents.length };
  }

  async createWritable() {
    let written = "";
    return new WritableStream<Uint8Array>({
      write: (bytes) => {
        written += new TextDecoder().decode(bytes);
      },
      close: () => {
        this.contents = written;
      },
    });
  }

  async remove() {
    this.removed = true;
  }
}

function download(start: Download["start"], changes: Partial<Download> = {}): Download {
  return { name: "a.zip", sizeBytes: 8, start, signal: new AbortController().signal, ...changes };
}

async function writeBoth(port: MessagePort): Promise<void> {
  const writer = writeToPort(port);
  await writer.write(new TextEncoder().encode("half"));
  await writer.write(new TextEncoder().encode("half"));
  await writer.close();
  port.close();
}

test("the whole stream gets into the file", async () => {
  const file = new PickedFile().install();
  await throughSavePicker(download(writeBoth));
  expect([file.contents, file.removed]).toEqual(["halfhalf", false]);
});

test("a download that fails in the middle leaves no file", async () => {
  const file = new PickedFile().install();
  const failing = async (port: MessagePort) => {
    const writer = writeToPort(port);
    await writer.write(new TextEncoder().encode("half"));
    const error = new HoldallError("mac-mismatch");
    writer.abort(error);
    throw error;
  };
  await expect(throughSavePicker(download(failing))).rejects.toMatchObject({ code: "mac-mismatch" });
  expect([file.contents, file.removed]).toEqual(["", true]);
});

test("a cancelled download leaves the file that was there before", async () => {
  const file = new PickedFile("the older one").install();
  const cancel = new AbortController();
  const standing = async (port: MessagePort) => {
    const writer = writeToPort(port);
    await writer.write(new TextEncoder().encode("half"));
    cancel.abort();
    await writer.close();
  };
  await expect(throughSavePicker(download(standing, { signal: cancel.signal }))).rejects.toMatchObject({
    name: "AbortError",
  });
  expect([file.contents, file.removed]).toEqual(["the older one", false]);
});

test("a stream that ends too early is a failure", async () => {
  const file = new PickedFile().install();
  await expect(throughSavePicker(download(writeBoth, { sizeBytes: 9 }))).rejects.toMatchObject({ code: "short-body" });
  expect([file.contents, file.removed]).toEqual(["", true]);
});

test("a picker that is closed is a cancel; one that is refused says so", async () => {
  new PickedFile().install(new DOMException("closed", "AbortError"));
  await expect(throughSavePicker(download(writeBoth))).rejects.toMatchObject({ name: "AbortError" });
  new PickedFile().install(new DOMException("no click", "SecurityError"));
  await expect(throughSavePicker(download(writeBoth))).rejects.toMatchObject({
    code: "sink-refused",
    context: { reason: "SecurityError" },
  });
});

test("the proposed name is one that every system takes", async () => {
  const file = new PickedFile().install();
  await throughSavePicker(download(writeBoth, { name: '..a/b:"c"\u202e.txt ' }));
  expect(file.suggested).toBe("a_b__c__.txt");
});
