import { beforeEach, expect, test, vi } from "vitest";
import { defaultSettings, type Recent } from "../../../../src/platform/device-memory.ts";
import type { Ports } from "../../../../src/ui/ports.ts";
import { ConnectForm } from "../../../../src/ui/state/connect-form.svelte.ts";
import { Device } from "../../../../src/ui/state/device.svelte.ts";
import { Router } from "../../../../src/ui/state/router.svelte.ts";
import { Session } from "../../../../src/ui/state/session.svelte.ts";
import { connectText } from "../../../../src/ui/text/connect.ts";
import type { Keep, RepositoryLocation } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { FakeDevice } from "../../../support/fake-device.ts";
import { type FakeRepository, fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

const asked: RepositoryLocation[] = [];
const kept: Keep[] = [];
let terminated = 0;
let permits = true;

beforeEach(() => {
  asked.length = 0;
  kept.length = 0;
  permits = true;
  terminated = 0;
  vi.stubGlobal("location", { hash: "" });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("history", { replaceState: () => {} });
});

interface World {
  form: ConnectForm;
  session: Session;
  device: Device;
}

function formOn(changes: Partial<FakeRepository>, fake = new FakeDevice()): World {
  const ports = portsOn({ ...preparedRepository(0), ...changes }, fake);
  const device = new Device(ports);
  const session = new Session(ports, new Router(), device);
  const form = new ConnectForm(session, device, ports);
  form.address = "rest:https://me:secret@nas.home/photos";
  form.password = "correct";
  return { form, session, device };
}

function portsOn(repository: FakeRepository, fake: FakeDevice): Ports {
  const api = fakeRepositoryApi(repository);
  const open: typeof api.open = (args, context) => {
    asked.push(args.location);
    kept.push(args.keep);
    return api.open(args, context);
  };
  const terminate = () => {
    terminated += 1;
  };
  return {
    openRepositoryClient: () => ({ api: { ...api, open }, terminate, onDied: new Promise<never>(() => {}) }),
    capabilities: {
      secureContext: true,
      folderPicker: true,
      folderInput: true,
      filePicker: true,
      folderObserver: true,
      notifications: true,
    },
    folders: {
      pick: async () => null,
      pickFiles: async () => null,
      fromDrop: async () => [],
      fromInput: () => null,
      permit: async () => permits,
      readExcludeFile: async () => [],
    },
    saveDownload: async () => {},
    downloadLimitBytes: async () => null,
    prepareFarewell: () => ({ say() {}, end() {} }),
    network: { isOnline: () => true, watch: () => () => {} },
    proposeAddress: async () => "",
    isPageProtected: async () => true,
    ...fake.ports(),
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
  expect([form.password, form.repeated, form.username, form.serverPassword]).toEqual(["", "", "", ""]);
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
  form.show("create");
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
  form.show("create");
  form.password = "correct";
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

test("locking ends the worker, a moment after it ended its own", async () => {
  vi.useFakeTimers();
  try {
    const { form, session } = formOn({});
    await form.submit();
    await session.lock();
    expect([session.connection.state, terminated]).toEqual(["closed", 0]);
    await vi.runAllTimersAsync();
    expect(terminated).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});

test("a page that is left ends the worker as locking does, and at once if it is frozen before", async () => {
  vi.useFakeTimers();
  try {
    const { form, session } = formOn({});
    await form.submit();
    session.leave();
    expect([session.connection.state, terminated]).toEqual(["closed", 0]);
    session.freeze();
    expect(terminated).toBe(1);
    await vi.runAllTimersAsync();
    expect(terminated).toBe(1);
    form.address = "https://nas.home/photos/";
    form.password = "correct";
    await form.submit();
    session.leave();
    await vi.runAllTimersAsync();
    expect(terminated).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});

const nas: Recent = {
  id: "https://nas.home/photos/",
  place: { kind: "rest", url: "https://nas.home/photos/" },
  label: "photos",
  lastOpenedMs: 1,
};

function ownDevice(...recents: Recent[]): FakeDevice {
  return new FakeDevice({ settings: defaultSettings, recents });
}

test("recent repositories that storage names late come to the front, but not over what is being typed", async () => {
  const slow = ownDevice(nas);
  slow.isSlow = true;
  const late = formOn({}, slow);
  late.form.password = "";
  expect(late.form.mode).toBe("open");
  await late.device.recalled;
  expect(late.form.mode).toBe("recents");
  const typing = formOn({}, slow);
  await typing.device.recalled;
  expect([typing.form.mode, typing.form.password]).toEqual(["open", "correct"]);
});

test("on somebody else's device, which it is until the user says otherwise, nothing is kept", async () => {
  const fake = new FakeDevice();
  const { form, device } = formOn({}, fake);
  expect([device.mine, form.mode]).toEqual([false, "open"]);
  await form.submit();
  expect(kept).toEqual([{ kind: "nothing" }]);
  expect([fake.memory, fake.installed]).toEqual([null, false]);
});

test("on the user's own device what is opened becomes the first of the recent ones", async () => {
  const fake = ownDevice({ ...nas, id: "https://other/", place: { kind: "rest", url: "https://other/" } });
  const { form } = formOn({}, fake);
  form.show("open");
  await form.submit();
  await vi.waitFor(() => expect(fake.memory?.recents.map(({ id }) => id)).toEqual([nas.id, "https://other/"]));
  expect(kept).toEqual([{ kind: "device", budgetBytes: 500_000_000 }]);
  expect(JSON.stringify(fake.memory)).not.toMatch(/secret|correct|"me"/);
});

test("a recent repository is opened with its password alone", async () => {
  const { form, session } = formOn({}, ownDevice(nas));
  expect(form.mode).toBe("recents");
  form.choose(nas);
  form.password = "correct";
  await form.submit();
  expect(session.connection.state).toBe("open");
  expect(asked).toEqual([{ kind: "rest", url: nas.id, login: null, connections: null }]);
});

test("when the kept login is refused, it is asked for", async () => {
  const { form } = formOn({ refusal: "login-rejected" }, ownDevice(nas));
  form.choose(nas);
  form.password = "correct";
  await form.submit();
  expect([form.asksLogin, form.problem]).toEqual([true, { field: "username", sentence: connectText.loginLapsed }]);
  form.username = "me";
  form.serverPassword = "new";
  await form.submit();
  expect(asked.at(-1)).toMatchObject({ login: { username: "me", password: "new" } });
});

test("where a wrong password may be a changed one, the login that it seals is asked for as well", async () => {
  const refusal = { refusal: "wrong-password", refusalContext: { wantsLogin: true } } as const;
  const { form } = formOn(refusal, ownDevice(nas));
  form.choose(nas);
  form.password = "changed elsewhere";
  await form.submit();
  expect([form.asksLogin, form.problem]).toEqual([true, { field: "password", sentence: connectText.wrongOrLapsed }]);
  const { form: another } = formOn({ refusal: "wrong-password" }, ownDevice(nas));
  another.choose(nas);
  another.password = "wrong";
  await another.submit();
  expect([another.asksLogin, another.problem?.field]).toEqual([false, "password"]);
});

test("a folder whose permission is refused is not opened, and the form says so", async () => {
  const { form, session } = formOn({});
  const handle = { kind: "directory", name: "Archive" } as FileSystemDirectoryHandle;
  form.show("open", "folder");
  form.folder = handle;
  form.password = "correct";
  permits = false;
  await form.submit();
  expect([form.problem?.field, session.connection.state, asked.length]).toEqual(["folder", "closed", 0]);
  permits = true;
  await form.submit();
  expect(asked).toEqual([{ kind: "folder", handle }]);
});

test("an address for another of restic's backends is told what works instead", async () => {
  const { form } = formOn({});
  form.address = "sftp:me@nas:/srv/restic";
  await form.submit();
  expect(form.problem).toEqual({ field: "address", sentence: expect.stringContaining("rclone serve restic") });
});

test("a new password may have no blanks at its ends, which nobody would see on paper", async () => {
  const { form } = formOn({ refusal: "no-repository" });
  form.show("create");
  for (const password of [" correct", "correct\u00a0", "correct\t"]) {
    form.password = password;
    form.repeated = password;
    await form.submit();
    expect(form.problem).toEqual({ field: "password", sentence: connectText.passwordBlanks });
  }
  form.show("open");
  form.password = " correct";
  await form.submit();
  expect(asked).toHaveLength(1); // one that exists is taken as it is
});

test("creating leads to the recovery sheet, which never holds a secret", async () => {
  const { form, session } = formOn({ refusal: "no-repository" });
  form.show("create");
  form.password = "correct";
  form.repeated = "correct";
  await form.submit();
  expect(session.sheet).toMatchObject({ place: { kind: "rest", hasLogin: true } });
  expect(JSON.stringify(session.sheet)).not.toMatch(/secret|correct/);
});

test("when nothing answers, the doctor is called without being asked; a new try sends it away", async () => {
  const { form } = formOn({ refusal: "network" });
  await form.submit();
  expect(form.doctor?.url).toBe("https://nas.home/photos/");
  form.show("open");
  expect(form.doctor).toBeNull();
});

test("leaving the page ends the worker and empties the fields", async () => {
  const { form, session } = formOn({});
  await form.submit();
  session.end();
  form.forget();
  expect([session.connection.state, terminated, form.password]).toEqual(["closed", 1, ""]);
});
