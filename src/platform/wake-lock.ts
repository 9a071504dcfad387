/**
 * Keeps the screen on until the returned function is called. The browser gives the lock back whenever the page is hidden,
 * so it is taken again when the page is shown; a browser that refuses (an empty battery, an old version) is no error.
 */
export function keepAwake(): () => void {
  const over = new AbortController();
  let held: WakeLockSentinel | null = null;
  const release = () => {
    void held?.release().catch(() => {});
    held = null;
  };
  const take = async () => {
    if (document.visibilityState !== "visible") return;
    const taken = await askForLock();
    release();
    held = taken;
    if (over.signal.aborted) release();
  };
  document.addEventListener("visibilitychange", () => void take(), { signal: over.signal });
  void take();
  return () => {
    over.abort();
    release();
  };
}

async function askForLock(): Promise<WakeLockSentinel | null> {
  try {
    return (await navigator.wakeLock?.request("screen")) ?? null;
  } catch {
    return null;
  }
}
