/** Values that arrive from outside, taken one after the other. */
export class Arrivals<T> {
  readonly #waiting: T[] = [];
  #over = false;
  #wake: () => void = () => {};

  add(value: T): void {
    this.#waiting.push(value);
    this.#wake();
  }

  /** Nothing more will arrive. */
  end(): void {
    this.#over = true;
    this.#wake();
  }

  /** What has arrived and will arrive, until the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      if (this.#waiting.length > 0) yield this.#waiting.shift() as T;
      else if (this.#over) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
