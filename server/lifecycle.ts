import { singleton } from './singleton.ts';

/** Where this process is between start and end. */
export const lifecycle = singleton('lifecycle', () => ({
  /** Told to stop: what runs is finished, and whoever asks is told to go elsewhere. */
  draining: false,
}));
