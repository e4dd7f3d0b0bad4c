import type { MailMode } from './mail/mode.ts';
import type { StorageFault } from './mail/storage-fault.ts';
import { lifecycle } from './process/lifecycle.ts';
import { services } from './services.ts';

type Dependency<State extends string> = { state: State; needed: boolean };

export type Readiness = {
  status: 'starting' | 'ready' | 'not_ready' | 'draining';
  dependencies: {
    /** With the reason if it is down. */
    mailStorage: Dependency<'ok' | 'down'> & { reason?: StorageFault };
    mailDelivery: Dependency<MailMode>;
    /** Undefined if Redis is not configured. */
    redis?: Dependency<'ok' | 'down'>;
  };
};

/**
 * Returns whether this process should receive requests, with the state of each dependency. It should not while the mail
 * storage is down. Without Redis it continues with local rate limits. Does not throw.
 */
export async function readiness({ needsMailStorage = true } = {}): Promise<Readiness> {
  const { mail, redis: shared } = services();
  const [storage, redis] = await Promise.all([mail.check(), shared?.state()]);
  return {
    status: statusOf(storage === 'ok' || !needsMailStorage),
    dependencies: {
      mailStorage: {
        state: storage === 'ok' ? 'ok' : 'down',
        needed: needsMailStorage,
        ...(storage === 'ok' ? {} : { reason: storage }),
      },
      mailDelivery: { state: mail.mode, needed: false },
      ...(redis ? { redis: { state: redis, needed: false } } : {}),
    },
  };
}

function statusOf(hasDependencies: boolean): Readiness['status'] {
  if (lifecycle.draining) return 'draining';
  if (lifecycle.starting) return 'starting';
  return hasDependencies ? 'ready' : 'not_ready';
}
