import { record } from './recent.ts';

/** A finished transfer of a body, in either direction. */
export interface Transfer {
  /** Path and query, as sent. */
  readonly url: string;
  /** Bytes received, or accepted by the connection for sending. Only the client knows how many of those arrived. */
  readonly bytes: number;
  /** False if either side cut it off. */
  readonly complete: boolean;
}

/** Counts bodies in transfer and records the last 200 finished ones. */
export class Transfers {
  readonly ended: Transfer[] = [];
  #open = 0;

  get open(): number {
    return this.#open;
  }

  /** Begins a transfer. Returns the function that ends it. */
  begin(url: string): (bytes: number, complete: boolean) => void {
    this.#open += 1;
    return (bytes, complete) => {
      this.#open -= 1;
      record(this.ended, { url, bytes, complete });
    };
  }
}
