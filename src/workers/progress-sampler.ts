/**
 * Progress is told five times a second: often enough for the eye, and each time the page is drawn anew, which without a
 * graphics card takes some 12 ms of the processors.
 */
const intervalMs = 200;

/** Reports what `read` returns until the work settles, and once more then. */
export async function withProgress<Progress, Result>(
  read: () => Progress,
  report: (progress: Progress) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setInterval(() => report(read()), intervalMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    report(read());
  }
}
