/** How a set of possible values changed. */
export type Direction = 'narrowed' | 'widened' | 'changed';

/**
 * Returns whether a change breaks existing callers. They send values that were valid before, so an input may only
 * widen. They read values that were possible before, so an output may only narrow. They ignore new fields of an output.
 */
export function isBreaking(direction: Direction, io: 'input' | 'output'): boolean {
  return direction === 'changed' || direction === (io === 'input' ? 'narrowed' : 'widened');
}
