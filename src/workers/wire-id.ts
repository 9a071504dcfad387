import { HoldallError } from "../core/base/errors.ts";
import { type Id, parseId } from "../core/base/id.ts";

/** The id of a text that came from the page. Throws "id-malformed". */
export function idOf(text: string): Id {
  const id = parseId(text);
  if (id === null) throw new HoldallError("id-malformed", { id: text.slice(0, 80) });
  return id;
}
