import { beforeEach, expect, test, vi } from "vitest";
import type { Ports } from "../../../../src/ui/ports.ts";
import { ConnectForm } from "../../../../src/ui/state/connect-form.svelte.ts";
import { Router } from "../../../../src/ui/state/router.svelte.ts";
import { Session } from "../../../../src/ui/state/session.svelte.ts";
import { connectText } from "../../../../src/ui/text/connect.ts";
import type { RepositoryLocation } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { type FakeRepository, fakeRepositoryApi } from "../../../support/fake-repository-api.ts";
import { noShell } from "../../../support/no-shell.ts";

const asked: RepositoryLocation[] = [];
let terminated = 0;

beforeEach(() => {
  asked.length = 0;
  terminated = 0;
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("history", { replaceState: () => {} });
});

function formOn(changes: Partial<FakeRepository>): { form: ConnectForm; session: Session } {
  const session = new Session(portsOn({ ...preparedRepository(0), ...changes }), new Router());
  const form = new ConnectForm(session);
  form.address = "rest:https://me:secret@nas.home/photos";
  form.password = "correct";
  return { form, session };
}

function portsOn(repository: FakeRepository): Ports {
  const api = fakeRepositoryApi(repository);
  const open: typeof api.open = (args, context) => {
    asked.push(args.location);
    return api.open(args, context);
  };
  const terminate = () => {
    terminated += 1;
  };
  return {
    openRepositoryClient: () => ({ api: { ...api, open }, terminate, onDied: new Promise<never>(() => {}) }),
    capabilities: { secureContext: true, folderPicker: true, folderInput: true },
    folders: { pick: async () => null, fromDrop: async () => [], fromInput: () => null },
    saveDownload: async () => {},
    downloadLimitBytes: async () => null,
    removeLocksOnLeaving: () => () => {},
    network: { isOnline: () => true, watch: () => () => {} },
    proposeAddress: async () => "",
    isPageProtected: async () => true,
    shell: noShell,
  };
}

test("a pasted login moves to its fields, and the worker gets the two apart", async () => {
  const { form, session } = formOn({});
  form.takeLoginOut();
  expect([form.address, form.username, form.serverPassword]).toEqual(["https://nas.home/photos/", "me", "secret"]);
  await form.submit();
  expect(session.connection.state).toBe("open");
  expect(asked).toEqual([
    { kind: "rest", url: "https://nas.home/photos/", login: { username: "me", password: "secret" }, connections: null },
  ]);
});

test("passwords are gone from the form once they have opened the repository", async () => {
  const { form } = formOn({});
  await form.submit();
  expect([form.password, form.repeated, form.serverPassword]).toEqual(["", "", ""]);
});

test("a wrong password is said under its field, and stays there to be corrected", async () => {
  const { form, session } = formOn({});
  form.password = "mistyped";
  await form.submit();
  expect(form.problem?.field).toBe("password");
  expect(form.problem?.sentence).toMatch(/^Wrong password\./);
  expect(form.password).toBe("mistyped");
  expect(form.busy).toBe(false);
  expect(session.connection.state).toBe("closed");
});

test("a wrong login is said at the server's fields", async () => {
  const { form } = formOn({ refusal: "login-rejected" });
  await form.submit();
  expect(form.problem?.field).toBe("serverPassword");
});

test("a login that was not given is asked for, not called wrong", async () => {
  const { form } = formOn({ refusal: "login-rejected" });
  form.address = "https://nas.home/photos/";
  await form.submit();
  expect(form.problem).toEqual({ field: "username", sentence: connectText.loginNeeded });
});

test("after creating and locking the form is there to open", async () => {
  const { form, session } = formOn({});
  form.setMode("create");
  form.repeated = "correct";
  await form.submit();
  await session.lock();
  expect(form.mode).toBe("open");
});

test("an address without a repository is no field's fault", async () => {
  const { form } = formOn({ refusal: "no-repository" });
  await form.submit();
  expect(form.problem).toBeNull();
  expect(form.failure?.code).toBe("no-repository");
});

test("nothing is asked of the server before the fields make sense", async () => {
  const { form } = formOn({});
  for (const [address, password, field] of [
    ["", "x", "address"],
    ["two words", "x", "address"],
    ["nas.home/a", "", "password"],
  ]) {
    form.address = address ?? "";
    form.password = password ?? "";
    await form.submit();
    expect(form.problem?.field).toBe(field);
  }
  expect(asked).toEqual([]);
});

test("a new repository needs its password twice", async () => {
  const { form, session } = formOn({ refusal: "no-repository" });
  form.setMode("create");
  form.repeated = "corect";
  await form.submit();
  expect(form.problem?.field).toBe("repeated");
  form.repeated = "correct";
  await form.submit();
  expect(session.connection.state).toBe("open");
});

test("cancelling the opening leaves the form as it was, without a complaint", async () => {
  const { form } = formOn({ openHangs: true });
  const opening = form.submit();
  expect(form.busy).toBe(true);
  form.cancel();
  await opening;
  expect([form.busy, form.problem, form.failure, form.password]).toEqual([false, null, null, "correct"]);
});

test("locking ends the worker", async () => {
  const { form, session } = formOn({});
  await form.submit();
  await session.lock();
  expect(terminated).toBe(1);
  expect(session.connection.state).toBe("closed");
});
