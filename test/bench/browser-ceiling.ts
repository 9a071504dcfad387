import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BareBrowser } from "../browser/bare-browser.ts";
import { callText } from "../browser/call-text.ts";
import { dropPlaceText } from "../browser/folder-drop.ts";
import type { Peer } from "../support/peers.ts";
import { seededBytes } from "../support/source-tree.ts";
import {
  type CeilingFile,
  openFrame,
  serveDownload,
  serveWriting,
  startServiceWorker,
  writeInWorker,
} from "./ceiling-scripts.ts";
import type { Sample } from "./figures.ts";
import { listDropped } from "./listing-scripts.ts";
import { ProcessMeter } from "./process-meter.ts";
import { readInWorker, serveReading } from "./reading-scripts.ts";

const kibibyte = 1024;
const blockLength = 4096 * kibibyte;
// Of all that were tried the ones that let the browser be fastest.
const downloadPieceLength = 1024 * kibibyte;
const writePieceLength = blockLength;
const filesAtOnce = 8;
/** So that neighbours are not the same. */
const stride = 4096;

const paths = {
  page: "/",
  block: "/block",
  serviceWorker: "/service-worker.js",
  worker: "/worker.js",
  reader: "/reader.js",
  downloads: "/downloads/",
};

/**
 * How fast the browser is without us: a page that reads files, or saves bytes which it has in memory, by the same ways as
 * Holdall, with no repository, no network and no engine behind or before them.
 */
export class BrowserCeiling implements AsyncDisposable {
  private constructor(
    private readonly server: Server,
    private readonly chromium: Peer,
    private readonly block: Buffer,
  ) {}

  static async start(chromium: Peer, seed: number): Promise<BrowserCeiling> {
    const block = seededBytes(seed, blockLength);
    const answers = new Map<string, { type: string; body: string | Buffer }>([
      [paths.page, { type: "text/html", body: "<!doctype html><title>Ceiling</title><body></body>" }],
      [paths.block, { type: "application/octet-stream", body: block }],
      [paths.serviceWorker, script(serveDownload, [paths.block, downloadPieceLength])],
      [paths.worker, script(serveWriting, [])],
      [paths.reader, script(serveReading, [])],
    ]);
    const server = createServer(({ url = "" }, response) => {
      const { type, body } = answers.get(url) ?? { type: "text/plain", body: "" };
      response.writeHead(answers.has(url) ? 200 : 404, { "Content-Type": type }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new BrowserCeiling(server, chromium, block);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A download of so many bytes. `check` is given the file that came of it. */
  download(length: number, check: (path: string) => Promise<void>): Promise<Sample> {
    return this.measure(async (browser) => {
      await browser.run(startServiceWorker, [paths.serviceWorker, paths.downloads]);
      const startMs = performance.now();
      const { path } = await browser.download(() => browser.run(openFrame, [`${paths.downloads}?length=${length}`]));
      const seconds = (performance.now() - startMs) / 1000;
      await check(path);
      return seconds;
    });
  }

  /** Files written into a folder of the disk. */
  write(files: readonly CeilingFile[], folder: string): Promise<Sample> {
    return this.measure(async (browser) => {
      await browser.answerFolderPicker(folder);
      const settings = { files, stride, pieceLength: writePieceLength, filesAtOnce };
      return browser.run(writeInWorker, [paths.worker, paths.block, settings]);
    });
  }

  /** All files of a folder of the disk, each opened and read once; `bytes` is what there must be. */
  read(folder: string, bytes: number): Promise<Sample> {
    return this.measure(async (browser) => {
      await browser.answerFolderPicker(folder);
      const read = await browser.run(readInWorker, [paths.reader]);
      if (read.bytes !== bytes) throw new Error(`the browser read ${read.bytes} bytes instead of ${bytes}`);
      return read.seconds;
    });
  }

  /** The size and the time of all files of a folder of the disk; `bytes` is what the sizes must come to. */
  list(folder: string, bytes: number): Promise<Sample> {
    return this.measure(async (browser) => {
      const listing = browser.run(listDropped, [dropPlaceText]);
      await browser.drop(dropPlaceText, folder);
      const listed = await listing;
      if (listed.bytes !== bytes) throw new Error(`the browser found ${listed.bytes} bytes instead of ${bytes}`);
      return listed.seconds;
    });
  }

  /** The SHA-256 of a file that was saved: of the first of a list, or of a later one. */
  hashOf(length: number, number = 0): string {
    const hash = createHash("sha256");
    for (let at = 0; at < length; ) {
      const begin = (number * stride + at) % blockLength;
      const end = Math.min(blockLength, begin + length - at);
      hash.update(this.block.subarray(begin, end));
      at += end - begin;
    }
    return hash.digest("hex");
  }

  private async measure(work: (browser: BareBrowser) => Promise<number>): Promise<Sample> {
    const { port } = this.server.address() as AddressInfo;
    await using browser = await BareBrowser.start(this.chromium.path, `http://127.0.0.1:${port}${paths.page}`);
    await browser.until(() => document.title === "Ceiling", []);
    const meter = ProcessMeter.start(browser.pid);
    const seconds = await work(browser);
    return { seconds, ...meter.stop(), storedBytes: null, requests: null, sockets: null };
  }
}

function script<Arguments extends unknown[]>(called: (...given: Arguments) => void, given: Arguments) {
  return { type: "text/javascript", body: callText(called, given) };
}
