import { HoldallError } from "../core/base/errors.ts";
import { SourceFiles } from "../platform/source-files.ts";
import type { SourceApi } from "./api/source.ts";
import { serve } from "./rpc.ts";

// Holds the open files of one picked folder, and ends before they are too many.
let files: SourceFiles | null = null;

function ready(): SourceFiles {
  if (files === null) throw new HoldallError("bug", { reason: "source worker called before init" });
  return files;
}

serve<SourceApi>(self, {
  init({ handle }) {
    files = new SourceFiles(handle);
  },
  list: (request, context) => ready().list(request, context),
  open: (request) => ready().open(request),
  read: (request, context) => ready().read(request, context),
  file: (request, context) => ready().file(request, context),
});
