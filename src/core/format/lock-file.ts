import { type Bytes, utf8 } from "../base/bytes.ts";
import { FieldNames } from "../base/field-names.ts";
import { goJsonString } from "../base/go-json.ts";
import { zeroTime } from "../base/rfc3339.ts";
import { readStoredObject, type StoredObjectType } from "./stored-object.ts";

/** A claim on a repository: shared by those that add to it, exclusive for those that remove from it. */
export interface LockFile {
  /** RFC 3339; when the lock was made or last refreshed. */
  time: string;
  exclusive: boolean;
  hostname: string;
  username: string;
  /** Null if none is written: restic sends a signal to the pid of a lock from its own host. */
  pid: number | null;
  uid: number;
  gid: number;
}

const type: StoredObjectType<"time" | "exclusive" | "hostname" | "username" | "pid" | "uid" | "gid"> = {
  kind: "lock",
  code: "lock-malformed",
  names: new FieldNames(["time", "exclusive", "hostname", "username", "pid", "uid", "gid"]),
  longestBytes: 1024 * 1024,
};

export function encodeLockFile(lock: LockFile): Bytes {
  let json = `{"time":"${lock.time}","exclusive":${lock.exclusive}`;
  json += `,"hostname":${goJsonString(lock.hostname)},"username":${goJsonString(lock.username)}`;
  if (lock.pid !== null) json += `,"pid":${lock.pid}`;
  if (lock.uid !== 0) json += `,"uid":${lock.uid}`;
  if (lock.gid !== 0) json += `,"gid":${lock.gid}`;
  return utf8(`${json}}`);
}

/** Reads a lock; a time alone makes a shared one. Throws FormatError "lock-malformed" or "wrong-file-type". */
export function decodeLockFile(json: Bytes): LockFile {
  const lock: LockFile = {
    time: zeroTime,
    exclusive: false,
    hostname: "",
    username: "",
    pid: null,
    uid: 0,
    gid: 0,
  };
  readStoredObject(json, type, (name, reader) => {
    if (name === "time") lock.time = reader.readTime();
    else if (name === "exclusive") lock.exclusive = reader.readBoolean();
    else if (name === "hostname" || name === "username") lock[name] = reader.readString();
    else if (name === "pid") lock.pid = reader.readSafeInteger();
    else lock[name] = reader.readUint32();
  });
  return lock;
}
