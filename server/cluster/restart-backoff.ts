import { limits } from '../config/limits.ts';

const { restartBackoff: restartPause, restartBackoffCap: restartPauseCap, stableAfter } = limits.cluster;

/** How long to wait with the next worker: not at all at first, longer and longer while each ends soon after its start. */
export function createRestartBackoff() {
  let early = 0;
  /** @param lived of the worker that ended, in milliseconds */
  return (lived: number): number => {
    early = lived < stableAfter ? early + 1 : 1;
    return early === 1 ? 0 : Math.min(restartPauseCap, restartPause * 2 ** (early - 2));
  };
}
