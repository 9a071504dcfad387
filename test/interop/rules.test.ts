import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BackupRules, noRules } from "../../src/core/archiver/backup-rules.ts";
import { parseExcludeFile } from "../../src/core/archiver/exclude-file.ts";
import { parsePattern } from "../../src/core/archiver/pattern.ts";
import { PatternList } from "../../src/core/archiver/pattern-list.ts";
import { rawNameOf } from "../../src/core/base/raw-name.ts";
import { DryRuns, type Included, includedByRules } from "../support/dry-runs.ts";
import { requirePeer } from "../support/peers.ts";
import { anyPattern, listedPattern } from "../support/random-patterns.ts";
import { oddNames, TreeWriter } from "../support/source-tree.ts";

/** The rules, held against `restic backup --dry-run -vv`. */

/** Restic's options for the rules. */
function optionsOf(rules: BackupRules): string[] {
  const options = rules.exclude.map((pattern) => `--exclude=${pattern}`);
  options.push(...rules.iexclude.map((pattern) => `--iexclude=${pattern}`));
  if (rules.excludeCaches) options.push("--exclude-caches");
  for (const { name, header } of rules.excludeIfPresent) {
    options.push(`--exclude-if-present=${header === "" ? name : `${name}:${header}`}`);
  }
  if (rules.excludeLargerThanBytes !== null) options.push(`--exclude-larger-than=${rules.excludeLargerThanBytes}`);
  return options;
}

const both = ["a/b/c/file.txt", "a/file.txt", "x/a/b/z.dat"];
const allText = ["a/b/c/file.txt", "a/file.txt", "file.txt"];
const queries = ["foo/bar/baz/q.go", "foo/q.go"];
const files = [...allText, ...queries, "FOO2/Q.GO", "d1/in class", "d[1]/literal", "x/a/b/z.dat"].sort();

/** FORMAT.md 15: patterns (R is the root's path), and the files that they leave out. */
const table: readonly (readonly [patterns: readonly string[], excluded: readonly string[], option?: "--iexclude"])[] = [
  ...["file.txt", "*.txt", "[fg]ile.txt", "R/**/file.txt"].map((pattern) => [[pattern], allText] as const),
  ...["a", "a/", "./a", "a/*", "b/../a"].map((pattern) => [[pattern], both] as const),
  ...["a/b", "**/b", "b/**"].map((pattern) => [[pattern], ["a/b/c/file.txt", "x/a/b/z.dat"]] as const),
  [["/a"], []],
  ...["R/a", "R/a/*"].map((pattern) => [[pattern], ["a/b/c/file.txt", "a/file.txt"]] as const),
  [["R/*.txt"], ["file.txt"]],
  ...["foo/**", "foo/**/q.go", "foo/**/*.go", "*/q.go", "?.go"].map((pattern) => [[pattern], queries] as const),
  [["q.GO"], []],
  [["q.go"], [...queries, "FOO2/Q.GO"], "--iexclude"],
  [["d[1]"], ["d1/in class"]],
  [["d\\[1\\]"], ["d[1]/literal"]],
  [["*.txt", "!file.txt"], []],
  [["!file.txt", "*.txt"], allText],
  [
    ["R/a", "!R/a/file.txt"],
    ["a/b/c/file.txt", "a/file.txt"],
  ],
  [["R/a/*", "!R/a/file.txt"], ["a/b/c/file.txt"]],
  ...["/", "/**", "**", "R/**"].map((pattern) => [[pattern], files] as const),
  [
    ["", "a/b", ""],
    ["a/b/c/file.txt", "x/a/b/z.dat"],
  ],
];

describe.each(["restic-0.18", "restic-0.14"] as const)("the table of patterns, as %s reads it", (name) => {
  const program = requirePeer(name);
  let runs: DryRuns;

  beforeAll(async () => {
    if (program === null) return;
    runs = await DryRuns.open(program);
    const tree = new TreeWriter(runs.pathOf("pt"));
    for (const path of files) tree.file(path, path);
  });
  afterAll(() => runs?.close());

  test.skipIf(program === null)("leaves out what it leaves out, row by row", async () => {
    const root = runs.pathOf("pt");
    await inTurns(table, async ([texts, excluded, option = "--exclude"]) => {
      const patterns = texts.map((text) => text.replace(/^(!?)R(?=\/|$)/, `$1${root}`));
      const rules = { ...noRules, [option === "--exclude" ? "exclude" : "iexclude"]: patterns };
      const [ours, restics] = [await includedByRules(root, rules), await runs.byRestic("pt", optionsOf(rules))];
      const remaining = files.filter((path) => !excluded.includes(path));
      expect(onlyFiles(ours), `ours, ${option} ${texts.join(" ")}`).toEqual(remaining);
      expect(onlyFiles(restics), `restic's, ${option} ${texts.join(" ")}`).toEqual(remaining);
    });
  });
});

function onlyFiles(included: Included): string[] {
  return included.filter((path) => !path.endsWith("/"));
}

/** Few at once: each of restic's runs takes all processors. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all([next(), next(), next()]);
}

const program = requirePeer("restic-0.18");

describe.skipIf(program === null)("rules", () => {
  let runs: DryRuns;

  beforeAll(async () => {
    if (program !== null) runs = await DryRuns.open(program);
  });
  afterAll(() => runs?.close());

  /** Both must say the same; versions before 0.19 leave the folder itself out if a pattern matches it. */
  async function expectSame(source: string, rules: BackupRules, about: string): Promise<Included> {
    const root = runs.pathOf(source);
    const path = root.split("/").slice(1).map(rawNameOf);
    const isRootExcluded =
      PatternList.parse(rules.exclude).matches(path) ||
      PatternList.parse(rules.iexclude, { ignoresCase: true }).matches(path);
    const ours = isRootExcluded ? [] : await includedByRules(root, rules);
    expect(ours, about).toEqual(await runs.byRestic(source, optionsOf(rules)));
    return ours;
  }

  test("500 random patterns in lists select the same of a tree with odd names", async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000_007);
    process.stderr.write(`random patterns: seed ${seed}\n`);
    const all = makeRandomTree(runs.pathOf("t"));
    const root = runs.pathOf("t");
    const anchored = fc
      .tuple(fc.nat(3), listedPattern)
      .map(([where, text]) => (where === 0 ? text.replace(/^(!?)\/?/, `$1${root}/`) : text));
    const lists = fc.sample(fc.array(anchored, { minLength: 5, maxLength: 5 }), { seed, numRuns: 100 });
    const sizes = new Set<number>();
    await inTurns([...lists.entries()], async ([i, patterns]) => {
      const rules = i % 4 === 3 ? { ...noRules, iexclude: patterns } : { ...noRules, exclude: patterns };
      const about = `seed ${seed}, list ${i}: ${JSON.stringify(rules)}`;
      sizes.add((await expectSame("t", rules, about)).length);
    });
    // Patterns that leave out nothing or all would prove little.
    expect(sizes.size, `seed ${seed}, of ${all} entries`).toBeGreaterThan(5);
  });

  test("of 600 random texts those are malformed that restic refuses, sooner or later", async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000_007);
    process.stderr.write(`malformed patterns: seed ${seed}\n`);
    const texts = [...new Set(fc.sample(anyPattern, { seed, numRuns: 600 }))];
    const ours = texts.filter(isMalformed);
    const restics = new Set(await runs.malformed(texts));
    expect([...restics].filter((text) => !ours.includes(text))).toEqual([]);
    expect(restics.size, `seed ${seed}`).toBeGreaterThan(50);
    // What is behind a star restic reads only when a name has come so far, and then warns, leaving out nothing.
    const unseen = ours.filter((text) => !restics.has(text));
    const rests = (text: string) => [...text.matchAll(/\*/g)].map(({ index }) => text.slice(index));
    const malformedRests = new Set(await runs.malformed(["[", ...unseen.flatMap(rests)]));
    expect(unseen.filter((text) => !rests(text).some((rest) => malformedRests.has(rest)))).toEqual([]);
  });

  test("markers and sizes leave out the same", async () => {
    const tree = new TreeWriter(runs.pathOf("marked"));
    const signature = "Signature: 8a477f597d28d172789f06886806bc55";
    const tags: Record<string, string> = {
      valid: `${signature}\n# more`,
      exact: signature,
      short: signature.slice(0, -1),
      other: signature.replace("8a", "8b"),
      empty: "",
    };
    for (const [name, content] of Object.entries(tags)) {
      tree.file(`${name}/CACHEDIR.TAG`, content);
      tree.file(`${name}/.nobackup`, content);
      tree.file(`${name}/file`, "x".repeat(9));
      tree.file(`${name}/folder/below`, "x".repeat(10));
      tree.folder(`${name}/hollow`);
      // A folder that is named as a marker is one, unless there must be a header.
      tree.file(`in ${name}/NOT/within`, "x".repeat(11));
      tree.file(`in ${name}/NOT/.nobackup`, content);
      tree.file(`in ${name}/beside`, "x");
    }
    const plain = { name: ".nobackup", header: "" };
    const cases: Partial<BackupRules>[] = [
      {},
      { excludeCaches: true },
      { excludeIfPresent: [plain] },
      { excludeIfPresent: [{ name: ".nobackup", header: "Signature: 8a" }] },
      { excludeIfPresent: [{ name: "NOT", header: "" }] },
      { excludeIfPresent: [{ name: "NOT", header: "x" }], excludeLargerThanBytes: 1000 },
      { excludeIfPresent: [plain], excludeCaches: true },
      { excludeIfPresent: [plain], exclude: [".nobackup"] },
      { excludeIfPresent: [{ name: "CACHEDIR.TAG", header: "" }] },
      { excludeIfPresent: [{ name: "CACHEDIR.TAG", header: "" }, plain] },
      { excludeLargerThanBytes: 9 },
      { excludeLargerThanBytes: 10 },
      { excludeLargerThanBytes: 0 },
      { excludeLargerThanBytes: 10, excludeCaches: true, exclude: ["!*", "*LD*"], iexclude: ["*LO*"] },
    ];
    const results = new Set<string>();
    await inTurns(cases, async (rules) => {
      const included = await expectSame("marked", { ...noRules, ...rules }, JSON.stringify(rules));
      results.add(included.join("\n"));
    });
    // All but the folder that is no marker since it has no header.
    expect(results.size, "cases that leave out different things").toBe(cases.length - 1);
  });

  test("a marker in the source itself leaves out all but itself", async () => {
    const tree = new TreeWriter(runs.pathOf("marked itself"));
    for (const path of ["MARK", "file", "folder/MARK", "folder/below"]) tree.file(path, "mark");
    const rules = { ...noRules, excludeIfPresent: [{ name: "MARK", header: "ma" }] };
    expect(await expectSame("marked itself", rules, "at the root")).toEqual(["MARK"]);
  });

  test("case is ignored letter by letter", async () => {
    const names = [
      "ÄPFEL",
      "äpfel",
      "İX",
      "ix",
      "ΣΑΣ",
      "σας",
      "σασ",
      "ẞ",
      "ß",
      "SS",
      "Ꭰ",
      "ꭰ",
      "Ა",
      "ა",
      "\u{10400}",
      "\u{10428}",
    ];
    const tree = new TreeWriter(runs.pathOf("case"));
    for (const name of names) tree.file(name, name);
    tree.file(Buffer.from([0x41, 0xff, 0x42]), "not UTF-8");
    const patterns = [...names.map((name) => [name]), ["a\ufffdb"], ["a?b"], ["[A-Z]*"], ["[Ä-Ü]*"]];
    await inTurns(patterns, async (iexclude) => {
      await expectSame("case", { ...noRules, iexclude }, JSON.stringify(iexclude));
    });
  });

  test("a file of patterns is read alike", async () => {
    const text = [
      "# comment",
      "  one  ",
      "\ttwo\r",
      "\u00a0three\u0085",
      "",
      "four#",
      "pri$$ce",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: restic's way to write a dollar
      "pri${$}e",
      "five$",
      "$.x",
      " !one",
      "\\#six",
      "sieb*n",
      "nea\ufeffr\ufeff",
      "grün",
    ].join("\n");
    const tree = new TreeWriter(runs.pathOf("listed"));
    const names = [
      "one",
      "two",
      "three",
      "four#",
      "four",
      "pri$ce",
      "pri$e",
      "five$",
      "$.x",
      "#six",
      "sieben",
      "nea\ufeffr\ufeff",
      "grün",
      "stays",
    ];
    for (const name of names) tree.file(name, name);
    const littleEndian = Buffer.from(text, "utf16le");
    const encodings: Record<string, Buffer> = {
      plain: Buffer.from(text),
      "utf-8 with mark": Buffer.from(`\ufeff${text}`),
      "utf-16 le": Buffer.concat([Buffer.from([0xff, 0xfe]), littleEndian]),
      "utf-16 be": Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(littleEndian).swap16()]),
    };
    for (const [encoding, content] of Object.entries(encodings)) {
      const file = join(runs.folder, encoding);
      await writeFile(file, content);
      const patterns = parseExcludeFile(new Uint8Array(content));
      const ours = await includedByRules(runs.pathOf("listed"), { ...noRules, exclude: patterns });
      expect(ours, encoding).toEqual(["four", "one", "stays"]);
      expect(await runs.byRestic("listed", ["--exclude-file", file]), encoding).toEqual(ours);
    }
  });
});

/** Names that the random patterns can hit, deep and shallow, and odd ones. Returns how many entries there are. */
function makeRandomTree(folder: string): number {
  const tree = new TreeWriter(folder);
  const names = ["a", "b", "c", "ab", "ba", "abc", "a*", "a[", "a]", "a\\", "a-b", "a?b", "AB", "äb"];
  let count = 0;
  const put = (path: Buffer) => {
    tree.file(path, "");
    count++;
  };
  const joined = (...parts: (string | Buffer)[]) =>
    Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [Buffer.from(part)] : [Buffer.from("/"), Buffer.from(part)])));
  for (const name of names) {
    put(joined("a", name));
    put(joined("b", "a", name));
    put(joined("c", "a", "b", "c", name));
    put(joined("cc", "b", "a", "b", "a", name));
  }
  for (const name of ["a", "b", "ab"]) put(joined("bb", "c", "c", "a", "c", "c", "b", name));
  for (const name of oddNames) put(joined("odd", name));
  put(joined("odd", Buffer.from([0x61, 0xe4, 0x62])));
  return count;
}

function isMalformed(text: string): boolean {
  try {
    parsePattern(text);
    return false;
  } catch {
    return true;
  }
}
