import { singleton } from '../lib/singleton.ts';

/** Where this process is between start and end. */
export const lifecycle = singleton('lifecycle', () => ({
  /** Procedures and raw routes are answered, pages only once they are loaded. */
  starting: false,
  /** Told to stop: what runs is finished, and whoever asks is told to go elsewhere. */
  draining: false,
  /** Others take over here: connections are closed, but whoever asks may come again. */
  leaving: false,
  /** A server of this product runs in front of Next, and ends in order what runs beside the requests. */
  ownsShutdown: false,
}));
