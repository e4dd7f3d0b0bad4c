export type ConcurrencyOptions = {
  /** Maximum number of concurrent holders. */
  total: number;
  /** Maximum number of concurrent holders of one client. */
  perClient: number;
};

/** A slot, or the limit that prevented it. */
export type Slot = { release(): void; exceeded?: undefined } | { exceeded: 'total' | 'perClient' };

export type ConcurrencyLimit = {
  /** @param client key of the client, such as its rate-limit bucket */
  acquire(client: string): Slot;
};

/** Limits how many requests hold a resource at once, in total and per client, so that no client can take all of it. */
export function createConcurrencyLimit({ total, perClient }: ConcurrencyOptions): ConcurrencyLimit {
  const held = new Map<string, number>();
  let heldInTotal = 0;

  function acquire(client: string): Slot {
    const ofClient = held.get(client) ?? 0;
    if (ofClient >= perClient) return { exceeded: 'perClient' };
    if (heldInTotal >= total) return { exceeded: 'total' };
    held.set(client, ofClient + 1);
    heldInTotal += 1;
    let isReleased = false;
    return {
      release() {
        if (isReleased) return;
        isReleased = true;
        heldInTotal -= 1;
        const left = (held.get(client) ?? 1) - 1;
        if (left === 0) held.delete(client);
        else held.set(client, left);
      },
    };
  }
  return { acquire };
}
