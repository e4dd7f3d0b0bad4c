import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../log.ts';

/** How the SDK tells what became of an export: 0 is success. */
export type ExportResult = { code: number; error?: Error };

/** Tells once when a collector cannot be reached, and once when it can again: not each time, every few seconds. */
export function createExportStatus(what: 'spans' | 'metrics', log: Logger): (result: ExportResult) => void {
  let failing = false;
  // What is sent at this moment may have been set off by any request, and the line is not of it.
  const outside = AsyncLocalStorage.snapshot();

  function tell(failed: boolean, error: Error | undefined): void {
    if (failed) log.warn({ what, reason: reasonOf(error) }, 'telemetry cannot be delivered');
    else log.info({ what }, 'telemetry is delivered again');
  }

  return ({ code, error }) => {
    const failed = code !== 0;
    if (failed === failing) return;
    failing = failed;
    outside(() => tell(failed, error));
  };
}

/** The system's code or the HTTP status, else what the SDK says of it. */
function reasonOf(error: Error | undefined): string {
  const code: unknown = error && 'code' in error ? error.code : undefined;
  return String(code ?? error?.message ?? 'unknown');
}
