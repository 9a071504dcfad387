import { type Bytes, discardBytes } from "../core/base/bytes.ts";
import { HoldallError } from "../core/base/errors.ts";
import { wholeBuffer } from "./rpc.ts";
import { decodeError, encodeError, type WireError } from "./wire-error.ts";

/** The producing end of a byte stream that crosses a port. Few pieces are under way, however large the stream. */
export interface StreamWriter {
  /** Waits until the consumer wants more, then moves the bytes there: the buffer is gone. Throws the signal's reason. */
  write(bytes: Bytes): Promise<void>;
  /** Ends the stream; resolves when the consumer has taken every piece and the end. Throws the signal's reason. */
  close(): Promise<void>;
  /** Makes the consumer's stream fail with this error, so that what it got never looks finished. */
  abort(error: unknown): void;
  /** Aborted by the consumer's cancelling, with its reason, or by its death ("worker-died"). */
  readonly signal: AbortSignal;
}

/** Asked for at a time: while the reader takes one, the next is on its way, which can be longer than making it. */
const piecesUnderWay = 2;

export function writeToPort(port: MessagePort): StreamWriter {
  return new PortWriter(port);
}

export interface ReadableOptions {
  /** Makes the stream fail with the signal's reason, and cancels the producer. */
  signal?: AbortSignal;
  /** Set by a reader that is done with a piece when it asks for the next: the memory is given back then. */
  discardsTaken?: boolean;
  /** Called once, when the stream has ended in any way. */
  onEnd?: () => void;
}

/**
 * The consuming end; it owns the port. The stream fails if the producer aborts or dies, or if it gives another number of
 * bytes than `length`; cancelling it aborts the producer's signal.
 */
export function readableFromPort(
  port: MessagePort,
  length: number,
  options: ReadableOptions = {},
): ReadableStream<Bytes> {
  // Without a queue of its own, a pull means that somebody reads, and the pull after the last piece that all was taken.
  return new ReadableStream<Bytes>(new PortSource(port, length, options), { highWaterMark: 0 });
}

type ToConsumer = { stream: "bytes"; bytes: Bytes } | { stream: "end" } | { stream: "error"; error: WireError };
type ToProducer = { stream: "pull" } | { stream: "taken" } | { stream: "cancel"; reason: WireError };

class PortWriter implements StreamWriter {
  private readonly gone = new AbortController();
  private readonly pulls = new Turnstile();
  private readonly taken = new Turnstile();
  private readonly unlisten: () => void;

  constructor(private readonly port: MessagePort) {
    this.unlisten = listen<ToProducer>(port, {
      message: (message) => this.receive(message),
      lost: () => this.end(new HoldallError("worker-died", { reason: "nobody reads the stream" })),
    });
  }

  get signal(): AbortSignal {
    return this.gone.signal;
  }

  async write(bytes: Bytes): Promise<void> {
    if (bytes.length === 0) return;
    await this.pulls.pass();
    const whole = wholeBuffer(bytes);
    this.send({ stream: "bytes", bytes: whole }, [whole.buffer]);
  }

  async close(): Promise<void> {
    await this.pulls.pass();
    this.send({ stream: "end" });
    await this.taken.pass();
    this.unlisten();
  }

  abort(error: unknown): void {
    if (this.signal.aborted) return;
    this.send({ stream: "error", error: encodeError(error) });
    this.end(error);
  }

  private receive(message: ToProducer): void {
    if (message.stream === "pull") this.pulls.admit();
    if (message.stream === "taken") this.taken.admit();
    if (message.stream === "cancel") this.end(decodeError(message.reason));
  }

  private end(reason: unknown): void {
    this.unlisten();
    this.gone.abort(reason);
    this.pulls.lock(reason);
    this.taken.lock(reason);
  }

  private send(message: ToConsumer, transferables: Transferable[] = []): void {
    this.port.postMessage(message, transferables);
  }
}

class PortSource implements UnderlyingDefaultSource<Bytes> {
  private received = 0;
  private last: Bytes | null = null;
  /** What has come and was not asked for by the reader so far; null is the end. */
  private readonly arrived: (Bytes | null)[] = [];
  private isBegun = false;
  private answered: () => void = () => {};
  private finish: () => void = () => {};

  constructor(
    private readonly port: MessagePort,
    private readonly length: number,
    private readonly options: ReadableOptions,
  ) {}

  start(controller: ReadableStreamDefaultController<Bytes>): void {
    const { signal, onEnd } = this.options;
    const unlisten = listen<ToConsumer>(this.port, {
      message: (message) => this.receive(message, controller),
      lost: () => this.fail(new HoldallError("worker-died", { reason: "nobody writes the stream" }), controller),
    });
    const abort = () => this.refuse(signal?.reason, controller);
    signal?.addEventListener("abort", abort);
    this.finish = () => {
      unlisten();
      signal?.removeEventListener("abort", abort);
      this.port.close();
      onEnd?.();
    };
    if (signal?.aborted) abort();
  }

  /** Settles when a piece has come: until then the stream asks no second time. */
  async pull(controller: ReadableStreamDefaultController<Bytes>): Promise<void> {
    if (this.last !== null) discardBytes(this.last);
    this.last = null;
    const wanted = this.isBegun ? 1 : piecesUnderWay;
    this.isBegun = true;
    for (let i = 0; i < wanted; i++) this.send({ stream: "pull" });
    if (this.arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.answered = resolve;
      });
    }
    this.give(controller);
  }

  cancel(reason: unknown): void {
    const abort = reason instanceof Error ? reason : new DOMException("the stream was cancelled", "AbortError");
    this.send({ stream: "cancel", reason: encodeError(abort) });
    this.finish();
  }

  private receive(message: ToConsumer, controller: ReadableStreamDefaultController<Bytes>): void {
    if (message.stream === "error") {
      this.fail(decodeError(message.error), controller);
      return;
    }
    if (message.stream === "bytes") this.received += message.bytes.length;
    if (this.received > this.length) {
      this.failLength(controller);
      return;
    }
    this.arrived.push(message.stream === "bytes" ? message.bytes : null);
    this.answered();
  }

  /** Hands on what came first; nothing has come where the stream has failed. */
  private give(controller: ReadableStreamDefaultController<Bytes>): void {
    const piece = this.arrived.shift();
    if (piece === undefined) return;
    if (piece === null) {
      this.complete(controller);
      return;
    }
    if (this.options.discardsTaken) this.last = piece;
    controller.enqueue(piece);
  }

  private complete(controller: ReadableStreamDefaultController<Bytes>): void {
    if (this.received !== this.length) {
      this.failLength(controller);
      return;
    }
    controller.close();
    this.send({ stream: "taken" });
    this.finish();
  }

  private failLength(controller: ReadableStreamDefaultController<Bytes>): void {
    const context = { reason: "stream length", expected: this.length, found: this.received };
    this.refuse(new HoldallError("short-body", context), controller);
  }

  /** Ends both sides with the error. */
  private refuse(error: unknown, controller: ReadableStreamDefaultController<Bytes>): void {
    this.send({ stream: "cancel", reason: encodeError(error) });
    this.fail(error, controller);
  }

  private fail(error: unknown, controller: ReadableStreamDefaultController<Bytes>): void {
    this.finish();
    this.arrived.length = 0;
    controller.error(error);
    this.answered();
  }

  private send(message: ToProducer): void {
    this.port.postMessage(message);
  }
}

/** Lets one caller pass for each admission, in order; when locked, nobody any more. */
class Turnstile {
  private admissions = 0;
  private waiting: { resolve(): void; reject(reason: unknown): void }[] = [];
  private locked: { reason: unknown } | null = null;

  admit(): void {
    const next = this.waiting.shift();
    if (next) next.resolve();
    else this.admissions++;
  }

  lock(reason: unknown): void {
    this.locked = { reason };
    for (const waiter of this.waiting.splice(0)) waiter.reject(reason);
  }

  async pass(): Promise<void> {
    if (this.locked) throw this.locked.reason;
    if (this.admissions > 0) {
      this.admissions--;
      return;
    }
    await new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
  }
}

interface PortListener<Message> {
  message(message: Message): void;
  lost(): void;
}

function listen<Message>(port: MessagePort, listener: PortListener<Message>): () => void {
  const message = (event: MessageEvent<Message>) => listener.message(event.data);
  port.addEventListener("message", message);
  // Where the browser has it: the other end was closed or its owner is gone.
  port.addEventListener("close", listener.lost);
  port.addEventListener("messageerror", listener.lost);
  port.start();
  return () => {
    port.removeEventListener("message", message);
    port.removeEventListener("close", listener.lost);
    port.removeEventListener("messageerror", listener.lost);
  };
}
