/** Formats a value as JavaScript source would write it, so that dates, bigints, maps and sets show their types. */
export function describeValue(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  const list = (items: string[], open: string, close: string) =>
    items.length === 0
      ? `${open}${close}`
      : `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
  const pair = ([key, item]: readonly [unknown, unknown]) =>
    `${describeValue(key, inner)} => ${describeValue(item, inner)}`;

  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Date) return `Date ${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`;
  if (value instanceof Map) return list([...value].map(pair), 'Map {', '}');
  if (value instanceof Set)
    return list(
      [...value].map((item) => describeValue(item, inner)),
      'Set {',
      '}',
    );
  if (value instanceof RegExp || value instanceof URL || value instanceof Error) return String(value);
  if (Array.isArray(value))
    return list(
      value.map((item) => describeValue(item, inner)),
      '[',
      ']',
    );
  const properties = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${describeValue(item, inner)}`,
  );
  return list(properties, '{', '}');
}
