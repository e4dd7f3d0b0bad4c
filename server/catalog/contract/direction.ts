/** How a set of values differs from what it was. */
export type Direction = 'narrowed' | 'widened' | 'changed';

/**
 * Callers send what was taken before, so an input may only take more; they read what was given before, so an output
 * may only give less. New fields of an output are ignored by those who do not know them.
 */
export function isBreaking(direction: Direction, io: 'input' | 'output'): boolean {
  return direction === 'changed' || direction === (io === 'input' ? 'narrowed' : 'widened');
}
