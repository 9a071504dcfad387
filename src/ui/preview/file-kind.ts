import { type DecodedText, decodeText } from "./text-bytes.ts";

/** What the page may show a file as. The media type is one of ours, whatever the repository says about the file. */
export type FileKind =
  | { kind: "text"; decoded: DecodedText }
  | { kind: "image"; mediaType: ImageMediaType }
  | { kind: "other"; family: FileFamily };

/** Pictures alone: nothing that a browser would run if somebody opened the address of the Blob. */
export type ImageMediaType =
  | "image/png"
  | "image/jpeg"
  | "image/gif"
  | "image/webp"
  | "image/avif"
  | "image/bmp"
  | "image/svg+xml";

/** "disguised": the name says one thing, the bytes another. */
export type FileFamily = "audio" | "video" | "archive" | "document" | "program" | "image" | "binary" | "disguised";

/** Name and first bytes decide together: a picture must look like one, and must not be called something else. */
export function kindOf(name: string, bytes: Uint8Array): FileKind {
  const named = familyOf(name);
  const mediaType = imageTypeOf(bytes);
  if (mediaType !== null) {
    return named === "image" || named === null ? { kind: "image", mediaType } : { kind: "other", family: "disguised" };
  }
  if (named !== null && named !== "image" && named !== "text") return { kind: "other", family: named };
  if (isPackedFormat(bytes)) return { kind: "other", family: named === null ? "binary" : "disguised" };
  const decoded = decodeText(bytes);
  if (decoded === null) return { kind: "other", family: named === "image" ? "image" : "binary" };
  if (named !== "image") return { kind: "text", decoded };
  const isVector = extensionOf(name) === "svg" && /<svg[\s>]/i.test(decoded.text.slice(0, svgStart));
  return isVector ? { kind: "image", mediaType: "image/svg+xml" } : { kind: "other", family: "disguised" };
}

/** False for what no first bytes could make shown: such files are not fetched at all. */
export function mayBeShown(name: string): boolean {
  const named = familyOf(name);
  return named === null || named === "image" || named === "text";
}

/** What the name alone says. Null: nothing. */
export function familyOf(name: string): Exclude<FileFamily, "binary" | "disguised"> | "text" | null {
  const extension = extensionOf(name);
  if (extension === "") return null;
  for (const [family, extensions] of families) if (extensions.has(extension)) return family;
  return null;
}

// A comment or a document type may come first.
const svgStart = 4096;

function extensionOf(name: string): string {
  return /\.([a-z0-9]{1,10})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}

const families = [
  ["image", words("png jpg jpeg jfif gif webp avif bmp svg heic heif tif tiff ico psd raw cr2 nef arw dng")],
  [
    "text",
    words(
      "txt md markdown rst log csv tsv json jsonl xml html htm css js mjs ts tsx jsx svelte vue py rb rs go c h cc cpp hpp java kt sh bash zsh fish ps1 bat ini cfg conf toml yaml yml env tex bib srt vtt sql diff patch eml vcf ics gpx",
    ),
  ],
  ["audio", words("mp3 m4a flac ogg oga opus wav aac aiff wma mid")],
  ["video", words("mp4 m4v mov mkv webm avi wmv mpg mpeg 3gp")],
  ["archive", words("zip tar gz tgz xz zst 7z rar bz2 lz4 iso dmg")],
  ["document", words("pdf doc docx odt rtf xls xlsx ods ppt pptx odp epub mobi")],
  ["program", words("exe dll so dylib wasm class jar bin o a apk deb rpm msi")],
] as const;

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

function imageTypeOf(bytes: Uint8Array): ImageMediaType | null {
  if (startsWith(bytes, 0, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (startsWith(bytes, 0, "\xff\xd8\xff")) return "image/jpeg";
  if (startsWith(bytes, 0, "GIF87a") || startsWith(bytes, 0, "GIF89a")) return "image/gif";
  if (startsWith(bytes, 0, "RIFF") && startsWith(bytes, 8, "WEBP")) return "image/webp";
  if (startsWith(bytes, 4, "ftypavif") || startsWith(bytes, 4, "ftypavis")) return "image/avif";
  // "BM" alone begins many a text: the reserved bytes of a bitmap are zero.
  if (startsWith(bytes, 0, "BM") && startsWith(bytes, 6, "\0\0\0\0")) return "image/bmp";
  return null;
}

/** Formats whose beginning can pass for text. */
function isPackedFormat(bytes: Uint8Array): boolean {
  return ["%PDF-", "PK\x03\x04", "\x7fELF", "\x1f\x8b", "\0asm", "Rar!"].some((magic) => startsWith(bytes, 0, magic));
}

function startsWith(bytes: Uint8Array, offset: number, magic: string): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let at = 0; at < magic.length; at += 1) if (bytes[offset + at] !== magic.charCodeAt(at)) return false;
  return true;
}
