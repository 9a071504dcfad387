/**
 * Gives the focus to the row of a virtual list that carries this index, which must be kept mounted. A row that was far
 * away is invisible until it has been measured, so a few frames may pass.
 */
export async function focusRow(list: HTMLElement | undefined, index: number): Promise<void> {
  for (let frame = 0; frame < patienceFrames; frame += 1) {
    const row = list?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    row?.focus();
    if (row && document.activeElement === row) return;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

const patienceFrames = 6;
