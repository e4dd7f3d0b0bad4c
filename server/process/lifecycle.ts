import { defineSingleton } from '../lib/singleton.ts';

/** Lifecycle state of this process. */
export const lifecycle = defineSingleton('lifecycle', () => ({
  /** Procedures and raw routes are served. Pages wait until Next is loaded. */
  starting: false,
  /** The process shuts down: it completes running requests, and `/readyz` returns 503. */
  draining: false,
  /** Other workers take over: connections are closed, but clients may connect to the same port again. */
  handingOver: false,
  /** The node server runs in front of Next: it sets X-Forwarded-For and shuts down the background work. */
  hasNodeServer: false,
})).get();
