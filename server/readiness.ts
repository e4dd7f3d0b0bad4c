import type { MailMode } from './mail/mode.ts';
import { lifecycle } from './process/lifecycle.ts';
import { services } from './services.ts';
import type { StorageFault } from './storage/storage-fault.ts';

type Dependency<State extends string> = { state: State; needed: boolean };

export type Readiness = {
  status: 'starting' | 'ready' | 'not_ready' | 'draining';
  dependencies: {
    /** With the reason if it is down. */
    database: Dependency<'ok' | 'down'> & { reason?: StorageFault };
    mailDelivery: Dependency<MailMode>;
    /** The OpenID provider. Undefined if there is none. */
    identityProvider?: Dependency<'ok' | 'down'>;
    /** Undefined if Redis is not configured. */
    redis?: Dependency<'ok' | 'down'>;
  };
};

/**
 * Returns whether this process should receive requests, with the state of each dependency. It should not while the
 * database is down. Without Redis it continues with local rate limits. Does not throw.
 */
export async function readiness({ needsDatabase = true } = {}): Promise<Readiness> {
  const { database, identity, mail, redis: shared } = services();
  const [storage, redis] = await Promise.all([database.check(), shared?.state()]);
  return {
    status: statusOf(storage === 'ok' || !needsDatabase),
    dependencies: {
      database: {
        state: storage === 'ok' ? 'ok' : 'down',
        needed: needsDatabase,
        ...(storage === 'ok' ? {} : { reason: storage }),
      },
      mailDelivery: { state: mail.mode, needed: false },
      ...(identity?.providerName !== undefined
        ? { identityProvider: { state: identity.providerState(), needed: false } }
        : {}),
      ...(redis ? { redis: { state: redis, needed: false } } : {}),
    },
  };
}

function statusOf(hasDependencies: boolean): Readiness['status'] {
  if (lifecycle.draining) return 'draining';
  if (lifecycle.starting) return 'starting';
  return hasDependencies ? 'ready' : 'not_ready';
}
