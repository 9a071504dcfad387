import fc from "fast-check";

/** Pieces of names that are few, so that patterns hit. */
const letter = fc.constantFrom("a", "b", "c");

const piece = fc.oneof(
  { weight: 6, arbitrary: letter },
  { weight: 2, arbitrary: fc.constantFrom("*", "?") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("[a]", "[^a]", "[a-b]", "[^b-c]", "[c-a]", "[\\]a]", "[a\\-c]", "[?*]", "[[]"),
  },
  { weight: 1, arbitrary: fc.constantFrom("\\*", "\\a", "\\[", "]", "-", "\\\\") },
);

const component = fc.oneof(
  { weight: 6, arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")) },
  { weight: 2, arbitrary: fc.constant("**") },
  { weight: 1, arbitrary: fc.constantFrom(".", "..", "", "*", "**a") },
);

/** A well-formed pattern of ASCII: wildcards, classes, `**`, escapes, anchors, what path cleaning takes away. */
export const plainPattern = fc
  .tuple(
    fc.constantFrom("", "", "/"),
    fc.array(component, { minLength: 1, maxLength: 6 }),
    fc.constantFrom("", "", "/"),
  )
  .map(([start, parts, end]) => start + parts.join("/") + end)
  .filter((text) => text !== "");

/** The same, negated every third time. */
export const listedPattern = fc.tuple(fc.constantFrom("", "", "!"), plainPattern).map(([sign, text]) => sign + text);

/** Names that such patterns may hit. */
export const hitName = fc.stringMatching(/^[abc]{1,3}$|^a[-\][*?\\]b?$/);

/** Anything made of what patterns are made of: every second one is malformed. */
export const anyPattern = fc
  .array(fc.constantFrom("a", "b", "[", "]", "^", "-", "\\", "*", "?", "ä", "/", "!"), { minLength: 1, maxLength: 9 })
  .map((characters) => characters.join(""));
