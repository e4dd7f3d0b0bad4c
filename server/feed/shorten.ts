/** Returns the beginning of a text, on one line and at most `length` characters long. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text.replace(/\s+/g, ' '));
  if (characters.length <= length) return characters.join('');
  return `${characters.slice(0, length - 1).join('')}…`;
}
