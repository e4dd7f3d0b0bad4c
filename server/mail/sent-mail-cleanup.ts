import type { Logger } from '../observability/log.ts';
import type { Operations } from './operations.ts';
import type { MailTiming } from './timing.ts';

/** Deletes sent mails once they are older than `timing.sentKeptFor`: on start, then every `timing.sweepInterval`. */
export type SentMailCleanup = { start(): void; stop(): void };

export function createSentMailCleanup(options: {
  outbox: () => Promise<Pick<Operations, 'deleteSent'>>;
  log: Logger;
  timing: Pick<MailTiming, 'sentKeptFor' | 'sweepInterval'>;
}): SentMailCleanup {
  const { log, timing } = options;
  let timer: NodeJS.Timeout | undefined;

  async function deleteOldMails(): Promise<void> {
    try {
      const { deleteSent } = await options.outbox();
      for (;;) {
        const deleted = await deleteSent(timing.sentKeptFor);
        if (deleted === 0) return;
        log.info({ deleted }, 'old sent mails deleted');
      }
    } catch (err) {
      log.warn({ err }, 'old sent mails could not be deleted');
    }
  }

  return {
    start() {
      timer ??= setInterval(() => void deleteOldMails(), timing.sweepInterval).unref();
      void deleteOldMails();
    },
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
