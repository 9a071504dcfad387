import { type Bytes, concatBytes } from "../core/base/bytes.ts";
import type { OpenedBlob } from "../core/codec/codec.ts";
import { transfer, wholeBuffer } from "./rpc.ts";
import { decodeError, encodeError, type WireError } from "./wire-error.ts";

export interface WireFailure {
  failure: WireError;
}

/** An opened blob on its way between workers. */
export type WireOpened = { plain: Bytes } | WireFailure;

/** Up to this many bytes a copy costs less than a buffer that is moved, in time and in what the collectors find. */
const smallBlob = 64 * 1024;

/** Moves the blobs: the small ones together, as views of one buffer, each of the others with its own. */
export function moveOpened(opened: readonly OpenedBlob[]): WireOpened[] {
  const small = concatBytes(opened.flatMap((blob) => ("plain" in blob && isSmall(blob.plain) ? [blob.plain] : [])));
  let offset = 0;
  const wire = opened.map((blob): WireOpened => {
    if ("error" in blob) return { failure: encodeError(blob.error) };
    if (!isSmall(blob.plain)) return { plain: wholeBuffer(blob.plain) };
    offset += blob.plain.length;
    return { plain: small.subarray(offset - blob.plain.length, offset) };
  });
  return transfer(
    wire,
    wire.flatMap((blob) => ("plain" in blob ? [blob.plain.buffer] : [])),
  );
}

/** The blobs as they arrived. */
export function takeOpened(wire: readonly WireOpened[]): OpenedBlob[] {
  return wire.map((blob) => ("failure" in blob ? { error: decodeError(blob.failure) } : blob));
}

function isSmall(plain: Bytes): boolean {
  return plain.length <= smallBlob;
}
