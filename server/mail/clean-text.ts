/**
 * Reduces text to one line. Removes control characters and the characters that change the text direction
 * (Bidi_Control), which can make one name look like another.
 */
export function cleanLine(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();
}

/** Normalizes line endings to \n and removes all control characters except \n and \t. */
export function cleanContents(value: string): string {
  return value
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '');
}
