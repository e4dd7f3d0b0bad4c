/** Hashes a text to a positive 31-bit integer (FNV-1a), for stable synthetic ids. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (const char of text) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (h >>> 1) + 1;
}
