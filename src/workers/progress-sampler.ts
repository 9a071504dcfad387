/** Progress is told ten times a second: often enough for the eye, rare enough to cost nothing. */
const intervalMs = 100;

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
