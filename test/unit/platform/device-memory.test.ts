import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultSettings, deviceMemoryOf } from "../../../src/platform/device-memory.ts";

const nas = {
  id: "https://nas.home/photos/",
  place: { kind: "rest", url: "https://nas.home/photos/" },
  label: "photos",
  lastOpenedMs: 5,
};

test("what was written is read again", () => {
  const memory = { settings: { idleMinutes: null, theme: "dark", budgetBytes: 0, notifies: true }, recents: [nas] };
  expect(deviceMemoryOf(structuredClone(memory))).toEqual(memory);
});

test("nothing is somebody else's device", () => {
  for (const nothing of [undefined, null, "yes", 7, []]) expect(deviceMemoryOf(nothing)).toBeNull();
});

test("what is not as it must be is left out, one by one", () => {
  const recents = [
    { ...nas, place: { kind: "rest", url: "https://me:secret@nas.home/" } },
    { ...nas, place: { kind: "rest", url: "javascript:alert(1)" } },
    { ...nas, place: { kind: "folder", handle: { name: "no handle" } } },
    { ...nas, lastOpenedMs: Number.NaN },
    { ...nas, id: 7 },
    null,
    nas,
  ];
  const settings = { idleMinutes: -1, theme: "url(x)", budgetBytes: 1e300, notifies: "yes" };
  expect(deviceMemoryOf({ settings, recents })).toEqual({ settings: defaultSettings, recents: [nas] });
});

test("lists and labels are bounded", () => {
  const long = { ...nas, label: "x".repeat(10_000) };
  const memory = deviceMemoryOf({ recents: Array(10_000).fill(long) });
  expect(memory?.recents).toHaveLength(30);
  expect(memory?.recents[0]?.label).toHaveLength(200);
});

test("nothing in storage makes it throw", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (settings, recents) => {
      const memory = deviceMemoryOf({ settings, recents: [recents] });
      expect(memory?.settings.budgetBytes).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});
