import { record } from './recent.ts';

/** A body that went in or out, once it has ended. */
export interface Transfer {
  /** Path and query, as sent. */
  readonly url: string;
  /** Received, or handed to the connection: how much of that arrived, only the other side knows. */
  readonly bytes: number;
  /** False when it was cut off, by either side. */
  readonly complete: boolean;
}

/** Counts the bodies on their way and remembers the last 200 that ended. */
export class Transfers {
  readonly ended: Transfer[] = [];
  #open = 0;

  get open(): number {
    return this.#open;
  }

  /** Begins one; the function given back ends it. */
  begin(url: string): (bytes: number, complete: boolean) => void {
    this.#open += 1;
    return (bytes, complete) => {
      this.#open -= 1;
      record(this.ended, { url, bytes, complete });
    };
  }
}
