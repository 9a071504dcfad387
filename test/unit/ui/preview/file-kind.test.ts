import { expect, test } from "vitest";
import { kindOf, mayBeShown } from "../../../../src/ui/preview/file-kind.ts";

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const png = bytesOf("\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
const page = bytesOf("<!doctype html><script>alert(1)</script>");

test.each([
  ["a.png", png, "image/png"],
  ["no name for it", png, "image/png"],
  ["a.jpg", bytesOf("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg"],
  ["a.gif", bytesOf("GIF89a/*..."), "image/gif"],
  ["a.webp", bytesOf("RIFF\x10\0\0\0WEBPVP8 "), "image/webp"],
  ["a.avif", bytesOf("\0\0\0\x1cftypavif"), "image/avif"],
  ["a.bmp", bytesOf("BM\x10\0\0\0\0\0\0\0\x36"), "image/bmp"],
  ["a.svg", bytesOf('<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'), "image/svg+xml"],
  ["photo.PNG", bytesOf("\xff\xd8\xff\xe0"), "image/jpeg"],
] as const)("%s with the bytes of a picture is shown as %#", (name, bytes, mediaType) => {
  expect(kindOf(name, bytes)).toEqual({ kind: "image", mediaType });
});

test("a page that is called a picture is neither shown as a picture nor as a page", () => {
  expect(kindOf("a.png", page)).toEqual({ kind: "other", family: "disguised" });
  expect(kindOf("a.svg", page)).toEqual({ kind: "other", family: "disguised" });
});

test("a picture that is called something else is not shown", () => {
  expect(kindOf("a.html", png)).toEqual({ kind: "other", family: "disguised" });
  expect(kindOf("a.pdf", png)).toEqual({ kind: "other", family: "disguised" });
});

test("pages and programs in text form are shown as the text that they are", () => {
  expect(kindOf("a.html", page)).toMatchObject({ kind: "text", decoded: { encoding: "UTF-8" } });
  expect(kindOf("README", bytesOf("hello"))).toMatchObject({ kind: "text", decoded: { text: "hello" } });
});

test.each([
  ["a.pdf", "%PDF-1.7\n", "document"],
  ["a.mp4", "text", "video"],
  ["nothing", "%PDF-1.7\n", "binary"],
  ["a.txt", "PK\x03\x04abc", "disguised"],
  ["a.unknown", "\x01\x02\0\x04", "binary"],
  ["a.heic", "\0\0\0\x18ftypheic", "image"],
])("%s is said to be what it is", (name, text, family) => {
  expect(kindOf(name, bytesOf(text))).toEqual({ kind: "other", family });
});

test("films and archives are not fetched to find out", () => {
  expect(["a.mkv", "b.zip", "c.pdf"].filter(mayBeShown)).toEqual([]);
  expect(["a.txt", "b", "c.jpg", "d.strange"].filter(mayBeShown).length).toBe(4);
});
