import { limits } from '../config/limits.ts';
import type { Logger } from '../observability/log.ts';
import type { Sessions } from './sessions.ts';

/** Counts the open sessions at an interval, so that a scrape of the metrics costs no query. */
export type SessionCounter = {
  start(): void;
  stop(): void;
  /** Returns the latest count; undefined if counting has not started or the database is down. */
  count(): number | undefined;
};

export function createSessionCounter(sessions: Pick<Sessions, 'count'>, log: Logger): SessionCounter {
  let timer: NodeJS.Timeout | undefined;
  let latest: number | undefined;

  async function update(): Promise<void> {
    try {
      const count = await sessions.count();
      latest = timer && count;
    } catch (err) {
      latest = undefined;
      log.debug({ err }, 'open sessions could not be counted');
    }
  }

  return {
    start() {
      timer ??= setInterval(() => void update(), limits.identity.countInterval).unref();
      void update();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
      latest = undefined;
    },
    count: () => latest,
  };
}
