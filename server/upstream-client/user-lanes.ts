import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { Bulkhead } from './bulkhead.ts';
import { Pause } from './pause.ts';

const { userShare, userQueue, userLanes } = limits.upstream;

/** The share of one user in an upstream: a user who calls much, or whom the upstream throttles, leaves others theirs. */
export type UserLane = { bulkhead: Bulkhead; pause: Pause };

/**
 * Creates the lanes of an upstream.
 *
 * @param connections maximum number of concurrent calls of all users
 */
export function createUserLanes(connections: number): (userId: string) => UserLane {
  const lanes = new LRUCache<string, UserLane>({ max: userLanes });
  const share = Math.max(1, Math.floor(connections * userShare));
  return (userId) => {
    const known = lanes.get(userId);
    if (known) return known;
    const lane = { bulkhead: new Bulkhead({ connections: share, queue: userQueue }), pause: new Pause() };
    lanes.set(userId, lane);
    return lane;
  };
}
