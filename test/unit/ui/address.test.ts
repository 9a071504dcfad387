import { expect, test } from "vitest";
import { placeOf } from "../../../src/ui/address.ts";

test("a place is named by its last folder", () => {
  expect(placeOf("https://nas.home:8000/repos/my%20photos/")).toEqual({ name: "my photos", host: "nas.home:8000" });
  expect(placeOf("https://nas.home/")).toEqual({ name: "nas.home", host: "" });
});

test("what is no URL, or holds a stray percent sign, is shown as it is", () => {
  expect(placeOf("Family archive")).toEqual({ name: "Family archive", host: "" });
  expect(placeOf("https://nas.home/100%/")).toEqual({ name: "100%", host: "nas.home" });
});
