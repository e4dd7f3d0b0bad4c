/** Returns a function that creates the value of a key once. It keeps every value: use it for a closed set of keys. */
export function memoize<K extends string, V extends object>(create: (key: K) => V): (key: K) => V {
  const values = new Map<K, V>();
  return (key) => {
    const value = values.get(key) ?? create(key);
    values.set(key, value);
    return value;
  };
}
