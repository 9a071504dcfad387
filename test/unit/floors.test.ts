import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { checkFloors, formatViolation } from "../floors/check-floors.ts";
import { floors } from "../floors/floors.ts";

/** A small house in which every import is allowed: each kind of import, each kind of file. */
const legalHouse = {
  "src/main.ts": `import { mount } from "svelte";\nimport App from "./ui/App.svelte";\nmount(App, {});\n`,
  "src/core/index.ts": `export { open } from "./repository/open.ts";\n`,
  "src/core/base/id.ts": "export type Id = string;\n",
  "src/core/codec/kdf.ts": `import { scrypt } from "hash-wasm";\nexport const kdf = scrypt;\n`,
  "src/core/repository/open.ts": `import { kdf } from "../codec/kdf.ts";\nexport const open = kdf;\n`,
  "src/core/archiver/archiver.ts": `import { open } from "../repository/open.ts";\nexport const archive = open;\n`,
  "src/core/restorer/restorer.ts": `import type { Id } from "../base/id.ts";\nexport type Restored = Id;\n`,
  "src/workers/repository-api.ts": `import type { Id } from "../core/base/id.ts";\nexport type Api = { id: Id };\n`,
  "src/workers/repository-worker.ts": `export const kernel = new URL("../../wasm/build/simd.wasm", import.meta.url);\n`,
  "src/workers/client.ts": `import type { Api } from "./repository-api.ts";
export type Client = Api;
export const worker = () => new Worker(new URL("./repository-worker.ts", import.meta.url));\n`,
  "src/platform/folder.ts": `import { get } from "idb-keyval";\nexport type Pick = { get: typeof get };\n`,
  "src/ui/text/words.ts": "export const words = {};\n",
  "src/ui/App.svelte": `<script module lang="ts">
  import type { Pick } from "../platform/folder.ts";
  export type Props = { pick: Pick };
</script>
<script lang="ts">
  import { worker } from "../workers/client.ts";
  import { words } from "./text/words.ts";
  const page = () => import("./pages/Page.svelte");
</script>
<button onclick={worker}>{words}{page}</button>\n`,
  "src/ui/pages/Page.svelte": "<p>A page</p>\n",
  "src/sw/sw.ts": "export {};\n",
  "src/server/main.ts": `import { readFileSync } from "node:fs";
export const read = readFileSync;
export const app = new URL("../../dist/app/", import.meta.url);\n`,
} as const;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The violations of the legal house with some files changed or added, as printed lines. */
function violationsWith(changes: Record<string, string>): string[] {
  const project = mkdtempSync(join(tmpdir(), "holdall-floors-"));
  folders.push(project);
  for (const [path, text] of Object.entries({ ...legalHouse, ...changes })) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  return checkFloors(project, floors).map(formatViolation);
}

test("a house whose imports all go down is clean", () => {
  expect(violationsWith({})).toEqual([]);
});

describe("an import that goes up is caught with its file and line", () => {
  const fromBase = "src/core/base/up.ts";
  const target = "../repository/open.ts";
  const planted: [kind: string, path: string, text: string, line: number][] = [
    ["static", fromBase, `\nimport { open } from "${target}";`, 2],
    ["static for its effect alone", fromBase, `import "${target}";`, 1],
    [
      "of inline types, which still load the module",
      "src/ui/up.ts",
      `import { type open } from "../core/index.ts";`,
      1,
    ],
    ["dynamic", fromBase, `\n\nexport const later = () => import("${target}");`, 3],
    ["dynamic with a template", fromBase, `export const later = () => import(\`${target}\`);`, 1],
    ["type", fromBase, `import type { open } from "${target}";`, 1],
    ["type in place", fromBase, `export type Open = import("${target}").Open;`, 1],
    ["re-export", fromBase, `export { open } from "${target}";`, 1],
    ["re-export of everything", fromBase, `export * from "${target}";`, 1],
    ["re-export of a type", fromBase, `export type { Open } from "${target}";`, 1],
    ["URL", fromBase, `export const at = new URL("${target}", import.meta.url);`, 1],
    ["resolved URL", fromBase, `export const at = import.meta.resolve("${target}");`, 1],
    ["require", fromBase, `const { open } = require("${target}");`, 1],
    ["import = require", fromBase, `import open = require("${target}");`, 1],
    ["path reference", fromBase, `/// <reference path="${target}" />`, 1],
    [
      "from a svelte script",
      "src/ui/Up.svelte",
      `<p>up</p>\n<script lang="ts">\n  import "../core/index.ts";\n</script>`,
      3,
    ],
    [
      "from a svelte module script",
      "src/ui/Up.svelte",
      `<script module lang="ts">import "../core/index.ts";</script>`,
      1,
    ],
    ["from svelte markup", "src/ui/Up.svelte", `<p>\n{#await import("../core/index.ts")}…{/await}\n</p>`, 2],
    ["from a rune module", "src/ui/up.svelte.ts", `import { open } from "../core/index.ts";`, 1],
    ["from JavaScript", "src/core/base/up.mjs", `import { open } from "${target}";`, 1],
  ];

  test.each(planted)("%s", (_kind, path, text, line) => {
    const found = violationsWith({ [path]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${path}:${line}: `));
  });
});

describe("each border of the house holds", () => {
  const planted: [rule: string, path: string, text: string, words: string][] = [
    ["codec does not know format", "src/core/codec/a.ts", `import "../format/b.ts";`, "codec must not use format"],
    [
      "format does not know backend",
      "src/core/format/b.ts",
      `import "../backend/c.ts";`,
      "format must not use backend",
    ],
    [
      "tasks do not know each other",
      "src/core/archiver/a.ts",
      `import "../restorer/restorer.ts";`,
      "must not use restorer",
    ],
    [
      "core does not know workers",
      "src/core/archiver/a.ts",
      `import "../../workers/client.ts";`,
      "must not use client",
    ],
    ["core stays behind its front door", "src/core/archiver/a.ts", `import "../index.ts";`, "must not use front door"],
    [
      "ui takes values of the client alone",
      "src/ui/a.ts",
      `import "../workers/repository-api.ts";`,
      "ui must not use contract",
    ],
    ["ui gets platform from main", "src/ui/a.ts", `import "../platform/folder.ts";`, "ui must not use platform"],
    ["platform does not know ui", "src/platform/a.ts", `import "../ui/text/words.ts";`, "platform must not use ui"],
    ["server does not know ui", "src/server/a.ts", `import "../ui/text/words.ts";`, "server must not use ui"],
    [
      "server takes types of backend alone",
      "src/server/a.ts",
      `import "../core/backend/c.ts";`,
      "must not use backend",
    ],
    ["nobody imports tests", "src/ui/a.ts", `import "../../test/support/x.ts";`, "which is on no floor"],
    ["every folder has a floor", "src/lib/thing.ts", "export {};", "no floor owns this file"],
    ["an unknown package", "src/ui/a.ts", `import "left-pad";`, "must not use the package left-pad"],
    ["a package of another floor", "src/core/base/a.ts", `import "hash-wasm";`, "must not use the package hash-wasm"],
    ["a part of such a package", "src/ui/a.ts", `import "@scope/server/part";`, "the package @scope/server/part"],
    ["node: in core", "src/core/base/a.ts", `import "node:fs";`, "must not use the package node:fs"],
    ["types of a package", "src/core/base/a.ts", `import type { A } from "svelte";`, "must not use the package svelte"],
    ["an alias", "src/ui/a.ts", `import "$lib/x.ts";`, "must not use the package $lib/x.ts"],
    ["a path from the root", "src/ui/a.ts", `import "/core/index.ts";`, "must not use the package /core/index.ts"],
    ["a computed name", "src/ui/a.ts", `export const a = (name: string) => import("./" + name);`, "in plain text"],
    ["a glob", "src/ui/a.ts", `export const all = import.meta.glob("../core/*.ts");`, "in plain text"],
    [
      "a file that is not there",
      "src/ui/a.ts",
      `export const a = new URL("./gone.ts", import.meta.url);`,
      "does not exist",
    ],
  ];
  const targets = { "src/core/format/b.ts": "export {};", "src/core/backend/c.ts": "export {};" };

  test.each(planted)("%s", (_rule, path, text, words) => {
    const found = violationsWith({ ...targets, [path]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${path}:1: `);
    expect(found[0]).toContain(words);
  });
});

describe("a circle of imports is caught", () => {
  test("of three files", () => {
    const found = violationsWith({
      "src/core/base/a.ts": `import "./b.ts";`,
      "src/core/base/b.ts": `\nexport * from "./c.ts";`,
      "src/core/base/c.ts": `export const a = () => import("./a.ts");`,
    });
    expect(found).toEqual([
      "src/core/base/a.ts:1: imports go in a circle: src/core/base/a.ts > src/core/base/b.ts > src/core/base/c.ts > src/core/base/a.ts",
    ]);
  });

  test("of types alone", () => {
    const found = violationsWith({
      "src/core/base/a.ts": `import type { B } from "./b.ts";`,
      "src/core/base/b.ts": `import type { A } from "./a.ts";`,
    });
    expect(found).toHaveLength(1);
  });

  test("of a file with itself, through a worker's URL", () => {
    const found = violationsWith({ "src/workers/a.ts": `new Worker(new URL("./a.ts", import.meta.url));` });
    expect(found).toEqual(["src/workers/a.ts:1: imports go in a circle: src/workers/a.ts > src/workers/a.ts"]);
  });

  test("and two circles are two findings", () => {
    const found = violationsWith({
      "src/core/base/a.ts": `import "./b.ts";`,
      "src/core/base/b.ts": `import "./a.ts";`,
      "src/core/codec/a.ts": `import "./b.ts";`,
      "src/core/codec/b.ts": `import "./a.ts";\nimport "../base/a.ts";`,
    });
    expect(found).toHaveLength(2);
  });
});

test("only a type may cross where only types are allowed", () => {
  const asType = { "src/server/a.ts": `import type { C } from "../core/backend/c.ts";`, "src/core/backend/c.ts": "" };
  expect(violationsWith(asType)).toEqual([]);
});

test("the table names only packages that the project has", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  const declared = new Set(["node:", ...Object.keys(dependencies), ...Object.keys(devDependencies)]);
  expect(floors.flatMap((floor) => floor.packages).filter((name) => !declared.has(name))).toEqual([]);
});
