/** Fills a large index where it is filled in earnest: in a browser, which is asked to by its one function. */
import { fillLargeIndex } from "../bench/large-index.ts";

Object.assign(globalThis, { fillLargeIndex });
