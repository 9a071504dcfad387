import { type Bytes, discardBuffer, discardBytes } from "../core/base/bytes.ts";
import { HoldallError } from "../core/base/errors.ts";
import type { Id } from "../core/base/id.ts";
import type { BlobCodec, BlobCodecOptions } from "../core/codec/blob-codec.ts";
import type { IndexRecords } from "../core/codec/blob-record.ts";
import type {
  BlobReceiver,
  BlobToOpen,
  BlobType,
  Codec,
  CompressionMode,
  FileStretch,
  LargeFile,
  PackToCheck,
  SaveJob,
  SealedBatch,
  SealedBlob,
} from "../core/codec/codec.ts";
import type { SmallContents } from "../core/codec/small-files.ts";
import { moveChecked, type WireCheckedPack } from "./checked-packs.ts";
import { moveOpened, type WireOpened } from "./opened-blobs.ts";
import type { Method } from "./repository-api.ts";
import { connect, type RpcPort, type Served, serve, transfer, wholeBuffer } from "./rpc.ts";

/** What a codec worker must know before its first call. */
export type CodecSettings = Omit<BlobCodecOptions, "kernels">;

/** A Codec's calls as plain data, served by a codec worker; `init` comes first, once. */
export interface CodecApi {
  init: Method<CodecSettings, { kernelBuild: string }>;
  /** Contents of one chunk each; the bytes are moved. */
  saveContents: Method<{ contents: SmallContents; job: WireJob }, Id[]>;
  /** Progress is the offset of the next stretch. */
  saveStretch: Method<{ file: LargeFile; offset: number; job: WireJob }, FileStretch, number>;
  sealBlob: Method<{ type: BlobType; plain: Bytes; compression: CompressionMode }, SealedBlob>;
  openBlobs: Method<{ sealed: Bytes; blobs: readonly BlobToOpen[] }, WireOpened[]>;
  /** The pack's buffer is moved there and back. */
  checkPack: Method<PackToCheck, WireCheckedPack>;
  openIndex: Method<{ sealed: Bytes }, IndexRecords>;
}

/** What the pool serves to its workers: the receivers of the jobs that run. */
export interface ReceiverApi {
  claim: Method<{ receiver: number; ids: readonly Id[] }, boolean[]>;
  /** The batch's buffer is moved there and back. */
  store: Method<{ receiver: number; batch: SealedBatch }, Bytes>;
}

/** A SaveJob whose receiver stays at the pool, under a number; its signal crosses with the call. */
export interface WireJob {
  compression: CompressionMode;
  receiver: number;
}

/** A codec that is given contents instead of small files, and can say which kernels it chose. */
export type KernelCodec = Omit<Codec, "saveSmallFiles"> & Pick<BlobCodec, "kernelBuild" | "saveContents">;

/** Serves a codec to the pool at the other end of the port. */
export function serveCodec(port: RpcPort, create: (settings: CodecSettings) => Promise<KernelCodec>): void {
  const receivers = connect<ReceiverApi>(port).api;
  let codec: KernelCodec | null = null;
  const ready = () => {
    if (codec === null) throw new HoldallError("bug", { reason: "codec worker called before init" });
    return codec;
  };
  const api: Served<CodecApi> = {
    async init(settings) {
      codec = await create(settings);
      return { kernelBuild: codec.kernelBuild };
    },
    async saveContents({ contents, job }, { signal }) {
      const ids = await ready().saveContents(contents, jobOf(job, receivers, signal));
      discardBytes(contents.bytes);
      return ids;
    },
    saveStretch: ({ file, offset, job }, { signal, onProgress }) =>
      ready().saveStretch(file, offset, onProgress, jobOf(job, receivers, signal)),
    async sealBlob({ type, plain, compression }, { signal }) {
      return movingSealed(await ready().sealBlob(type, plain, compression, signal));
    },
    async openBlobs({ sealed, blobs }, { signal }) {
      const opened = await ready().openBlobs(sealed, blobs, signal);
      if (!opened.some((blob) => "plain" in blob && blob.plain.buffer === sealed.buffer)) discardBuffer(sealed.buffer);
      return moveOpened(opened);
    },
    async checkPack(pack, { signal }) {
      return moveChecked(await ready().checkPack(pack, signal));
    },
    async openIndex({ sealed }, { signal }) {
      const index = await ready().openIndex(sealed, signal);
      discardBytes(sealed);
      return transfer(index, [index.records.buffer]);
    },
  };
  serve<CodecApi>(port, api);
}

function jobOf({ compression, receiver }: WireJob, receivers: CodecReceivers, signal: AbortSignal): SaveJob {
  const remote: BlobReceiver = {
    claim: (ids) => receivers.claim({ receiver, ids }),
    store: (batch) => receivers.store(transfer({ receiver, batch }, [batch.buffer.buffer])),
  };
  return { compression, receiver: remote, signal };
}

type CodecReceivers = ReturnType<typeof connect<ReceiverApi>>["api"];

function movingSealed(blob: SealedBlob): SealedBlob {
  const sealed = wholeBuffer(blob.sealed);
  return transfer({ ...blob, sealed }, [sealed.buffer]);
}
