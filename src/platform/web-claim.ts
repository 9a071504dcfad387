/**
 * Holds the browser-wide claim of a name until the returned function is called; a killed tab's or worker's claim ends by
 * itself. Claims of one name wait for each other.
 */
export function holdClaim(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const held = () => new Promise<void>((release) => resolve(release));
    navigator.locks.request(name, held).catch(reject);
  });
}

/** Whether somebody in this browser holds the claim. */
export async function isClaimHeld(wanted: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === wanted);
}
