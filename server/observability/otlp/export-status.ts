import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../log.ts';

/** The SDK's result of an export. The code 0 is success. */
export type ExportResult = { code: number; error?: Error };

/** Logs once when exports start to fail and once when they succeed again, instead of for every export. */
export function createExportStatus(what: 'spans' | 'metrics', log: Logger): (result: ExportResult) => void {
  let failing = false;
  // Any request may trigger an export. The log line must not contain its ids.
  const outside = AsyncLocalStorage.snapshot();

  function logChange(failed: boolean, error: Error | undefined): void {
    if (failed) log.warn({ what, reason: reasonOf(error) }, 'telemetry export failed');
    else log.info({ what }, 'telemetry export recovered');
  }

  return ({ code, error }) => {
    const failed = code !== 0;
    if (failed === failing) return;
    failing = failed;
    outside(() => logChange(failed, error));
  };
}

/** Returns the system error code or the HTTP status, or else the SDK's message. */
function reasonOf(error: Error | undefined): string {
  const code: unknown = error && 'code' in error ? error.code : undefined;
  return String(code ?? error?.message ?? 'unknown');
}
