export interface DownloadFile {
  name: string;
  sizeBytes: number;
}

/** A file as an attachment: saved under its name, never shown, whatever is in it. */
export function downloadResponse(file: DownloadFile, body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: downloadHeaders(file) });
}

export function downloadHeaders({ name, sizeBytes }: DownloadFile): Record<string, string> {
  return {
    "Content-Type": "application/octet-stream",
    "Content-Length": String(sizeBytes),
    "Content-Disposition": attachmentNamed(name),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    // A page that isolates itself lets in no frame without these.
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
}

export function unknownDownload(): Response {
  return new Response("This download is not known any more.", {
    status: 404,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Security-Policy": "sandbox; default-src 'none'",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
    },
  });
}

/** Content-Disposition with the name in full (RFC 5987) and, for old programs, its ASCII characters. */
export function attachmentNamed(name: string): string {
  const ascii = name.replace(/[^ -~]|["\\%]/gu, "_");
  return `attachment; filename="${ascii}"; filename*=UTF-8''${percentEncoded(name)}`;
}

function percentEncoded(name: string): string {
  // Lone surrogates have no UTF-8 form, and encodeURIComponent throws on them.
  return encodeURIComponent(name.replace(/\p{Surrogate}/gu, "\ufffd")).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
