import { BlobCodec } from "../core/codec/blob-codec.ts";
import { openIndex } from "../core/format/index-records.ts";
import { serveCodec } from "./codec-service.ts";
import { kernelAssets } from "./kernel-assets.ts";
import { serveMixing } from "./key-mixers.ts";

// One of the pool's workers: does the work on file bytes and holds nothing but the repository's key. Before it is one, it
// helps to derive the key of a password.
serveMixing(self, kernelAssets);
serveCodec(self, (settings) => BlobCodec.create({ ...settings, kernels: kernelAssets }, openIndex));
