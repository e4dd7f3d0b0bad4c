import { limits } from '../config/limits.ts';
import type { Upstream } from './endpoint.ts';
import type { ConnectionSettings } from './http.ts';
import type { UpstreamObserver } from './observer.ts';
import { createUpstreamPool, type UpstreamPool } from './upstream-pool.ts';

/** Holds one pool per upstream and origin. */
export type PoolRegistry = {
  /** Returns the pool. It is created on the first call. */
  get(upstream: Pick<Upstream, 'name' | 'limits'>, origin: string): UpstreamPool;
  /** Returns the pool, or undefined if nothing has been sent yet. */
  find(name: string, origin: string | undefined): UpstreamPool | undefined;
  close(): Promise<void>;
};

export function createPoolRegistry(observer: UpstreamObserver, settings: ConnectionSettings): PoolRegistry {
  const pools = new Map<string, UpstreamPool>();
  // The origin is part of the key because a pool may connect to loopback only if it was created for a loopback origin.
  const keyOf = (name: string, origin: string | undefined) => `${name} ${origin}`;

  return {
    get({ name, limits: ownLimits }, origin) {
      const key = keyOf(name, origin);
      const existing = pools.get(key);
      if (existing) return existing;
      const created = createUpstreamPool(origin, { ...limits.upstream, ...ownLimits }, settings, {
        attemptEnded: (outcome) => observer.attemptEnded(name, outcome),
        breakerChanged: (state) => observer.breakerChanged(name, state),
      });
      pools.set(key, created);
      return created;
    },
    find: (name, origin) => pools.get(keyOf(name, origin)),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}
