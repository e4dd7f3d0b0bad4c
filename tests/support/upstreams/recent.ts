const MOST = 200;

/** Adds to a record that keeps the last 200. */
export function record<Item>(items: Item[], item: Item): void {
  items.push(item);
  if (items.length > MOST) items.shift();
}
