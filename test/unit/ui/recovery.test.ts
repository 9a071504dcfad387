import { expect, test } from "vitest";
import { openingCommands, type RecoveryFacts, recoverySheet, secondKeyCommand } from "../../../src/ui/text/recovery.ts";

const facts: RecoveryFacts = {
  place: { kind: "rest", url: "https://nas.home:8000/photos/", hasLogin: true },
  repositoryId: "8f2c41d7".padEnd(64, "0"),
  keyId: "c0ffee01".padEnd(64, "0"),
  createdMs: Date.UTC(2026, 10, 23, 12),
};

test("the sheet says where, which, when and how, and leaves a line for the password", () => {
  const sheet = recoverySheet(facts);
  for (const part of ["https://nas.home:8000/photos/", facts.repositoryId, facts.keyId, "23 November 2026"]) {
    expect(sheet).toContain(part);
  }
  expect(sheet).toMatch(/^Password: +_+$/m);
  expect(sheet).toMatch(/^Server login: +_+$/m);
});

test("the commands are what restic understands", () => {
  expect(openingCommands(facts)).toEqual([
    "export RESTIC_REST_USERNAME=...",
    "export RESTIC_REST_PASSWORD=...",
    "# an old restic wants both in the address: rest:https://USER:PASSWORD@nas.home:8000/photos/",
    "restic -r rest:https://nas.home:8000/photos/ snapshots",
    "restic -r rest:https://nas.home:8000/photos/ restore latest --target restored",
  ]);
  expect(secondKeyCommand(facts)).toBe("restic -r rest:https://nas.home:8000/photos/ key add");
});

test("no login is asked for where there is none, and odd names are quoted for the shell", () => {
  const [first] = openingCommands({ ...facts, place: { kind: "folder", name: "Anna's disk" } });
  expect(first).toBe("restic -r '/path/to/Anna'\\''s disk' snapshots");
  const open: RecoveryFacts = { ...facts, place: { kind: "rest", url: "http://localhost/a/", hasLogin: false } };
  expect(recoverySheet(open)).not.toContain("Server login");
});
