import type { Bytes } from "../core/base/bytes.ts";
import type { Id } from "../core/base/id.ts";
import type { CheckedPack } from "../core/codec/codec.ts";
import { moveOpened, takeOpened, type WireFailure, type WireOpened } from "./opened-blobs.ts";
import { transfer } from "./rpc.ts";
import { decodeError, encodeError } from "./wire-error.ts";

/** A checked pack on its way between workers. */
export interface WireCheckedPack {
  sealed: Bytes;
  hash: Id;
  header: WireOpened | null;
  damaged: ({ blob: Id } & WireFailure)[];
}

/** Moves the pack's buffer; the header, which is small, is copied. */
export function moveChecked({ sealed, hash, header, damaged }: CheckedPack): WireCheckedPack {
  const failures = damaged.map(({ blob, error }) => ({ blob, failure: encodeError(error) }));
  const [wireHeader = null] = header === null ? [] : moveOpened([header]);
  return transfer({ sealed, hash, header: wireHeader, damaged: failures }, [sealed.buffer]);
}

/** The pack as it arrived. */
export function takeChecked({ sealed, hash, header, damaged }: WireCheckedPack): CheckedPack {
  const [opened = null] = header === null ? [] : takeOpened([header]);
  return {
    sealed,
    hash,
    header: opened,
    damaged: damaged.map(({ blob, failure }) => ({ blob, error: decodeError(failure) })),
  };
}
