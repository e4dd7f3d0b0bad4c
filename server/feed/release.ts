type Dated = { publishedAt: Date | null; updatedAt?: Date | undefined };

/**
 * Returns a function that holds back the entries of a list whose date is in the future, and hides the date of a change
 * in the future. It returns the same list until the next of these dates, so that what is made of it can be cached.
 * Thus an entry is never older than the date at which it appears, and a conditional request cannot miss it.
 */
export function createRelease<T extends Dated>(): (entries: readonly T[]) => readonly T[] {
  let cached: { entries: readonly T[]; released: readonly T[]; from: number; until: number } | undefined;
  return (entries) => {
    const now = Date.now();
    if (cached?.entries === entries && now >= cached.from && now < cached.until) return cached.released;
    const isDue = (date: Date | null | undefined) => !date || date.getTime() <= now;
    const held = entries
      .flatMap(({ publishedAt, updatedAt }) => [publishedAt, updatedAt])
      .filter((date) => date && !isDue(date));
    const released = entries
      .filter(({ publishedAt }) => isDue(publishedAt))
      .map((entry) => (isDue(entry.updatedAt) ? entry : { ...entry, updatedAt: undefined }));
    const until = Math.min(...held.map(Number));
    cached = { entries, released, from: now, until };
    return released;
  };
}
