import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { noRules } from "../../../../src/core/archiver/backup-rules.ts";
import {
  archiveCommand,
  backupCommand,
  checkCommand,
  dumpCommand,
  keepOfflineCommand,
  listCommand,
  quoted,
  restoreCommand,
  snapshotCommand,
  trialCommand,
} from "../../../../src/ui/text/restic-commands.ts";
import { backupRequest } from "../../../support/backup-request.ts";

const location = "https://nas.home:8000/photos/";
const snapshot = "8f2c41d7a90b36e5".padEnd(64, "4");
const repository = "restic -r rest:https://nas.home:8000/photos/";

test("a plain command is written plainly", () => {
  expect(snapshotCommand(location, snapshot)).toBe(`${repository} cat snapshot 8f2c41d7`);
  expect(listCommand(location, { snapshot, folder: ["Documents", "Mail"] })).toBe(
    `${repository} ls 8f2c41d7 /Documents/Mail`,
  );
  expect(keepOfflineCommand(location, snapshot)).toBe(`${repository} ls 8f2c41d7 > /dev/null`);
  expect(trialCommand(location, snapshot)).toBe(`${repository} dump --archive tar 8f2c41d7 / > /dev/null`);
  expect(checkCommand(location)).toBe(`${repository} check --read-data`);
});

test("a file is dumped under its name", () => {
  expect(dumpCommand(location, { snapshot, path: ["Documents", "it's here.txt"] })).toBe(
    `${repository} dump 8f2c41d7 '/Documents/it'\\''s here.txt' > './it'\\''s here.txt'`,
  );
});

test("things of a folder are restored by name, with no character that means any", () => {
  const things = { snapshot, folder: ["Documents"], names: ["a*b", "Photos 2024"] };
  expect(restoreCommand(location, things, { target: "back", overwrite: "changed" })).toBe(
    `${repository} restore 8f2c41d7:/Documents --target ./back --overwrite if-changed --include '/a\\*b' --include '/Photos 2024'`,
  );
});

test("a whole snapshot is restored without a path", () => {
  const things = { snapshot, folder: [], names: [] };
  expect(restoreCommand(location, things, { target: "back", overwrite: "never" })).toBe(
    `${repository} restore 8f2c41d7 --target ./back --overwrite never`,
  );
});

test("one thing is packed alone, several with their folder", () => {
  const things = { snapshot, folder: ["Documents"], names: ["Mail"] };
  expect(archiveCommand(location, things, "zip")).toBe(
    `${repository} dump --archive zip 8f2c41d7 /Documents/Mail > ./Mail.zip`,
  );
  expect(archiveCommand(location, { ...things, names: ["Mail", "Notes"] }, "tar")).toBe(
    `${repository} dump --archive tar 8f2c41d7 /Documents > ./Documents.tar`,
  );
  expect(archiveCommand(location, { ...things, folder: [], names: [] }, "tar")).toBe(
    `${repository} dump --archive tar 8f2c41d7 / > ./8f2c41d7.tar`,
  );
});

test("a backup names host, tags and a compression that is not the default", () => {
  const backup = { hostname: "kitchen", tags: ["taxes", "two words"] };
  expect(backupCommand(location, { ...backupRequest(backup), rootNames: ["-v"] })).toBe(
    `${repository} backup --host kitchen --tag taxes --tag 'two words' ./-v`,
  );
  const strongest = backupRequest({ ...backup, compression: "max" });
  expect(backupCommand(location, { ...strongest, rootNames: ["-v"] })).toContain(" --compression max ");
});

test("a backup names every rule and limit as restic does", () => {
  const request = backupRequest({
    hostname: "kitchen",
    packSizeBytes: 64 * 1024 * 1024,
    uploadLimit: 2_000_000,
    skipIfUnchanged: true,
    dryRun: true,
    rules: {
      exclude: ["*.tmp", "!keep this.tmp", "node_modules"],
      iexclude: ["thumbs.db"],
      excludeCaches: true,
      excludeIfPresent: [
        { name: ".nobackup", header: "" },
        { name: "TAG", header: "not mine" },
      ],
      excludeLargerThanBytes: 5_000_000,
    },
  });
  expect(backupCommand(location, { ...request, rootNames: ["Documents"] })).toBe(
    [
      `${repository} backup --host kitchen --pack-size 64 --limit-upload 1953 --skip-if-unchanged --dry-run`,
      "--exclude '*.tmp' --exclude '!keep this.tmp' --exclude node_modules --iexclude thumbs.db --exclude-caches",
      "--exclude-if-present .nobackup --exclude-if-present 'TAG:not mine' --exclude-larger-than 5000000 ./Documents",
    ].join(" "),
  );
});

test("a pattern that begins at the snapshot's root begins where the command is run", () => {
  const rules = { ...noRules, exclude: ["/Documents/it's [old]", "!/Documents/b", "a/b"] };
  const command = backupCommand(location, { ...backupRequest({ rules }), rootNames: ["Documents"] });
  expect(command).toContain(`--exclude "$PWD"'/Documents/it'\\''s [old]' `);
  expect(command).toContain(`--exclude '!'"$PWD"/Documents/b --exclude a/b `);
});

test("no control character and no change of direction gets into a line", () => {
  expect(quoted("a\n\u001b[2Jb")).toBe("$'a\\012\\033[2Jb'");
  expect(quoted("photo\u202egpj.exe")).toBe("$'photo\\u202egpj.exe'");
  expect(quoted("it's\t\\")).toBe("$'it\\'s\\011\\\\'");
});

test("a shell gets every word back as it was", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no argument of a program can hold a zero.
  const word = fc.string({ unit: "grapheme", maxLength: 30 }).map((text) => text.replace(/\u0000/g, ""));
  const odd = [
    "",
    "-n",
    "$(id)",
    "`id`",
    "a'b\"c",
    "!!",
    "~",
    "a\nb",
    "\u001b]0;x\u0007",
    "\u202eab",
    "\\u0041\n",
    "*?[a]",
  ];
  const words = [
    ...odd,
    ...fc.sample(
      fc.tuple(word, word).map(([a, b]) => `${a}'\n${b}`),
      { numRuns: 60, seed: 7 },
    ),
  ];
  const script = words.map((text) => `printf '%s\\0' ${quoted(text)}`).join("\n");
  const environment = { ...process.env, LC_ALL: "C.UTF-8" };
  const answer = execFileSync("bash", ["-c", script], { env: environment }).toString("utf8");
  expect(answer.split("\0").slice(0, -1)).toEqual(words);
});
