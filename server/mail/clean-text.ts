/**
 * One line without control characters and without the characters that turn the direction of text (Bidi_Control),
 * which make a name read as another one.
 */
export function cleanLine(value: string): string {
  return value
    .toWellFormed()
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();
}

/** Text of several lines. Line ends as \n; of the control characters only \n and \t stay. */
export function cleanContents(value: string): string {
  return value
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '');
}
