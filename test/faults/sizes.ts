/** One small repository and one small folder, so that each of hundreds of faults costs seconds. */

export const password = "five hundred faults";
export const hostname = "faults-browser";
export const rootName = "Documents";

/** Operations at once: how many packs can be on their way when a run is cut off. */
export const connections = 2;

/** Every file of the many is larger, and is a pack of its own: so each run makes the same number of requests. */
export const packSizeBytes = 64 * 1024;
export const fileBytes = 80 * 1024;
/** More than two flush intervals. */
export const newFiles = 20;

/** An index is written after so many packs (the interval in time is a minute, which no run here takes). */
export const packsPerIndex = 8;

/** The most packs that may be sent again after a run that was killed: one interval, and what was on its way just then. */
export const mostAgainAfterDeath = packsPerIndex + connections;
/** After a run that could end in order, and so write its last index: what was on its way. */
export const mostAgainAfterEnd = connections;
