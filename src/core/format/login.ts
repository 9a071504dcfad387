import { type Bytes, textOf, utf8 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";

/** The login of a server, as it is sealed and kept on a device. */
export interface KeptLogin {
  username: string;
  password: string;
}

/** Marks the bytes as a login: whatever else is sealed under the same key never begins so. */
const mark = "holdall login\n";

/** Plain bytes that are to be sealed. */
export function encodeLogin({ username, password }: KeptLogin): Bytes {
  return utf8(mark + JSON.stringify([username, password]));
}

/** Throws FormatError "unknown-encoding" if the bytes are no login. */
export function decodeLogin(plain: Bytes): KeptLogin {
  const fields = fieldsIn(plain);
  const [username, password] = fields;
  if (fields.length === 2 && typeof username === "string" && typeof password === "string") {
    return { username, password };
  }
  throw new FormatError("unknown-encoding", { expected: "login" });
}

function fieldsIn(plain: Bytes): readonly unknown[] {
  try {
    const text = textOf(plain);
    const fields: unknown = text.startsWith(mark) ? JSON.parse(text.slice(mark.length)) : null;
    return Array.isArray(fields) ? fields : [];
  } catch {
    // Neither text nor JSON: no login either way.
    return [];
  }
}
