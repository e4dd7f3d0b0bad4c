import { limits } from '../config/limits.ts';
import { createWatch, type Watch } from '../live/watch.ts';
import type { Logger } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import type { SessionTimes } from './session-lookup.ts';

/** Watches whether sessions are open. A session that has ended has no state. */
export type SessionWatch = Watch<'open'>;

export function createSessionWatch(options: {
  open: () => Promise<Database>;
  times: SessionTimes;
  log: Logger;
}): SessionWatch {
  const { open, times, log } = options;
  return createWatch<'open'>({
    async read(ids) {
      const db = await open();
      const rows = await db.queries
        .selectFrom('user_session as session')
        .innerJoin('user_account as user', 'user.id', 'session.user_id')
        .select(['session.id', 'session.ends_at', 'session.last_seen_at', db.now().as('now')])
        .where('session.id', 'in', ids)
        .where('session.ended_at', 'is', null)
        .where('user.disabled_at', 'is', null)
        .execute();
      const isOpen = (row: (typeof rows)[number]) =>
        Math.min(row.last_seen_at + times.idle, row.ends_at) > Number(row.now);
      return new Map(rows.filter(isOpen).map(({ id }) => [id, 'open']));
    },
    versionOf: (state) => state,
    interval: limits.live.lookInterval,
    keysInRead: limits.live.keysInRead,
    log,
  });
}
