import type { Bytes } from "../core/base/bytes.ts";
import type { OpenedBlob } from "../core/codec/codec.ts";
import { transfer } from "./rpc.ts";
import { decodeError, encodeError, type WireError } from "./wire-error.ts";

export interface WireFailure {
  failure: WireError;
}

/** An opened blob on its way between workers. */
export type WireOpened = { plain: Bytes } | WireFailure;

/** Moves the blobs with the buffers that they lie in, several in one. */
export function moveOpened(opened: readonly OpenedBlob[]): WireOpened[] {
  const wire = opened.map((blob) => ("error" in blob ? { failure: encodeError(blob.error) } : blob));
  return transfer(wire, [...new Set(opened.flatMap((blob) => ("plain" in blob ? [blob.plain.buffer] : [])))]);
}

/** The blobs as they arrived. */
export function takeOpened(wire: readonly WireOpened[]): OpenedBlob[] {
  return wire.map((blob) => ("failure" in blob ? { error: decodeError(blob.failure) } : blob));
}
