import { type RawName, rawNameOf, rawNameOfBytes } from "../../src/core/base/raw-name.ts";

/** A name that a hostile repository may hold. Script in it calls `hostile()`: a page in which that is called is broken. */
export interface HostileName {
  /** What it tries; unique. */
  says: string;
  name: RawName;
}

const markup: readonly [string, string][] = [
  ["an image that fails", "<img src=x onerror=hostile(1)>"],
  ["an attribute that ends", '"><img src=x onerror=hostile(2)>'],
  ["a single-quoted attribute that ends", "' onmouseover='hostile(3)' autofocus onfocus='hostile(3)"],
  ["a template of Svelte", "{hostile(4)}"],
  ["a template of others", "{{constructor.constructor('hostile(5)')()}}"],
  ["a template literal", "$" + "{hostile(6)}"],
  ["markup of Svelte", "{@html '<img src=x onerror=hostile(7)>'}"],
  ["a JavaScript address", "javascript:hostile(8)"],
  ["a data address", "data:text,<script>hostile(9)"],
  ["SVG that loads", "<svg onload=hostile(10)>"],
  ["a frame", "<iframe srcdoc='<img src=x onerror=parent.hostile(11)>'>"],
  ["entities", "&lt;img src=x onerror=hostile(12)&gt;"],
  ["a style", "<style>*{display:none}"],
  ["a comment that ends", "--><script>hostile(13)"],
  ["lines of a header", "x\r\nContent-Type: text\r\n\r\n<script>hostile(14)"],
  ["a header's quotes", 'x"; filename="y.html'],
  ["percent escapes", "%2e%2e%2fescaped %00.txt"],
  ["double escapes", "%252e%252e%252fescaped"],
  ["an entity of a slash", "..&#47;escaped"],
  ["a query and a fragment", "?snapshot=x#escaped"],
];

const text: readonly [string, string][] = [
  ["an override to the left", "photo\u202egpj.exe"],
  ["isolates without an end", "\u2066\u2067\u2068"],
  ["a mark to the left", "\u200freport\u061c.txt"],
  ["zero-width blanks", "pass\u200bword\u200c.txt"],
  ["nothing but zero width", "\u200b"],
  ["a byte-order mark", "\ufeff"],
  ["nothing but blanks", "   "],
  ["a no-break blank", "\u00a0"],
  ["a line break", "two\nlines.txt"],
  ["a carriage return", "over\rwritten.txt"],
  ["a tab", "tab\tbed.txt"],
  ["an escape sequence", "\x1b[2J\x1b]0;hostile\x07.txt"],
  ["a backspace and a delete", "a\b\x7f.txt"],
  ["a control of C1", "\u009b31m.txt"],
  ["separators of lines", "line\u2028para\u2029.txt"],
  ["tags", "flag \u{1f3f4}\u{e0067}\u{e0062}\u{e007f}"],
  ["joined emoji", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}.jpg"],
  ["right to left", "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627.txt"],
  ["composed", "caf\u00e9.txt"],
  ["its decomposed twin", "cafe\u0301.txt"],
  ["marks without end", `z${"\u0301".repeat(60)}`],
  ["a noncharacter", "\uffff.txt"],
  ["a private character", "\u{10fffd}.txt"],
  ["a look-alike slash", "..\u2215..\u2044escaped"],
  ["a case twin", "Twin.txt"],
  ["the other case twin", "tWIN.TXT"],
  ["the Kelvin sign", "\u212a.txt"],
  ["its twin in lower case", "k.txt"],
];

const systems: readonly [string, string][] = [
  ["the way up on Windows", "..\\..\\escaped.txt"],
  ["a Windows path", "C:\\escaped.txt"],
  ["a drive", "C:"],
  ["a server", "\\\\server\\share\\escaped.txt"],
  ["a second stream", "letter.txt:hidden:$DATA"],
  ["a device", "CON"],
  ["a device with an ending", "aux.txt"],
  ["a device with a number", "COM\u00b9"],
  ["a trailing dot", "letter.txt."],
  ["a trailing blank", "letter.txt "],
  ["three dots", "..."],
  ["a folder's settings", "desktop.ini"],
  ["a folder's icon", "folder.{21ec2020-3aea-1069-a2dd-08002b30309d}"],
  ["a link of Windows", "letter.txt.lnk"],
  ["a link of the web", "letter.url"],
  ["a link of a desktop", "letter.desktop"],
  ["the browser's own partial file", "letter.txt.crswap"],
  ["home", "~"],
  ["an option", "-rf"],
  ["a prototype", "__proto__"],
  ["a constructor", "constructor"],
  ["a method", "toString"],
  ["an index", "0"],
  ["4 KiB", `${"long ".repeat(818)}end.txt`],
  ["256 bytes", "x".repeat(256)],
  ["255 bytes of emoji", "\u{1f600}".repeat(63)],
];

const bytes: readonly [string, readonly number[]][] = [
  ["no UTF-8", [0x69, 0xff, 0xfe, 0x80, 0x2d, 0x38]],
  ["a surrogate in UTF-8", [0x73, 0xed, 0xa0, 0x80]],
  ["an overlong slash", [0x2e, 0x2e, 0xc0, 0xaf, 0x65]],
  ["UTF-8 that is cut off", [0x65, 0x6e, 0x64, 0xe2, 0x82]],
  ["Latin-1", [0x63, 0x61, 0x66, 0xe9]],
];

const fromText = ([says, name]: readonly [string, string]): HostileName => ({ says, name: rawNameOf(name) });

/** Names that a file system may have, so they must come through, by another name if need be. */
export const hostileNames: readonly HostileName[] = [
  ...[...markup, ...text, ...systems].map(fromText),
  ...bytes.map(([says, name]) => ({ says, name: rawNameOfBytes(Uint8Array.from(name)) })),
];

/** Names that no file system has: each has to be refused with a line. */
export const refusedNames: readonly HostileName[] = [
  fromText(["nothing", ""]),
  fromText(["here", "."]),
  fromText(["the way up", ".."]),
  fromText(["the way up to a file", "../escaped.txt"]),
  fromText(["far up", "../../../../../../../../tmp/escaped.txt"]),
  fromText(["the way down and up", "a/../../escaped.txt"]),
  fromText(["an absolute path", "/tmp/escaped.txt"]),
  fromText(["nothing but a slash", "/"]),
  fromText(["a path", "sub/escaped.txt"]),
  fromText(["a path to here", "./escaped.txt"]),
  fromText(["a slash behind", "escaped/"]),
  fromText(["a NUL", "escaped.txt\0.jpg"]),
  fromText(["markup with a slash", "<img src=x onerror=hostile(15)></img>"]),
];
