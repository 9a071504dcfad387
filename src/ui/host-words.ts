/** What a browser calls the computer that it runs on: it cannot know the real name. */
export const hostSuffix = "-browser";

const hostWords = [
  "amber",
  "birch",
  "cedar",
  "delta",
  "ember",
  "fjord",
  "grove",
  "harbour",
  "indigo",
  "juniper",
  "lagoon",
  "maple",
  "north",
  "opal",
  "pine",
  "quartz",
  "river",
  "summit",
  "tundra",
  "willow",
];

/** A word that no host of the repository has. */
export function freshHostname(known: readonly string[]): string {
  const free = hostWords.filter((word) => !known.includes(word + hostSuffix));
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const word = free[random % Math.max(1, free.length)] ?? `computer-${random.toString(36)}`;
  return word + hostSuffix;
}
