const MAX_ITEMS = 200;

/** Appends an item to a list that keeps the last 200. */
export function record<Item>(items: Item[], item: Item): void {
  items.push(item);
  if (items.length > MAX_ITEMS) items.shift();
}
