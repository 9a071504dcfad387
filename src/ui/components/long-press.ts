/** A finger that rests on a row. The click that follows when it is lifted means nothing any more. */
export class LongPress {
  justEnded = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #from = { x: 0, y: 0 };

  constructor(private readonly onlong: (index: number) => void) {}

  begin(event: PointerEvent, index: number): void {
    this.#cancel();
    this.justEnded = false;
    if (event.pointerType !== "touch") return;
    this.#from = { x: event.clientX, y: event.clientY };
    const life = new AbortController();
    const end = () => {
      life.abort();
      this.#cancel();
    };
    const move = (moved: PointerEvent) => {
      if (Math.hypot(moved.clientX - this.#from.x, moved.clientY - this.#from.y) > slackPixels) end();
    };
    for (const name of ["pointerup", "pointercancel", "scroll"]) {
      addEventListener(name, end, { signal: life.signal, capture: true });
    }
    addEventListener("pointermove", move, { signal: life.signal });
    this.#timer = setTimeout(() => {
      life.abort();
      this.justEnded = true;
      this.onlong(index);
    }, longMs);
  }

  /** Browsers open a menu for a long press on a link. */
  menu(event: MouseEvent): void {
    if (this.justEnded || this.#timer !== null) event.preventDefault();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

const longMs = 450;
const slackPixels = 10;
