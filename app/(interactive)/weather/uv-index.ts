/** The exposure categories with the values below which they end. Source: Global Solar UV Index, WHO 2002. */
const categories = [
  [3, 'Low'],
  [6, 'Moderate'],
  [8, 'High'],
  [11, 'Very high'],
  [Number.POSITIVE_INFINITY, 'Extreme'],
] as const;

/** Describes a UV index, which is reported as a whole number: `5 Moderate`. */
export function describeUvIndex(index: number | null): string {
  if (index === null) return '–';
  const whole = Math.round(index);
  const category = categories.find(([end]) => whole < end);
  return category ? `${whole} ${category[1]}` : String(whole);
}
