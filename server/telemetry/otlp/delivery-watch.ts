import type { Logger } from '../../log.ts';

/** How the SDK tells what became of an export: 0 is success. */
export type ExportResult = { code: number; error?: Error };

/** Tells once when a collector cannot be reached, and once when it can again: not each time, every few seconds. */
export function createDeliveryWatch(what: 'spans' | 'metrics', log: Logger): (result: ExportResult) => void {
  let failing = false;
  return ({ code, error }) => {
    const failed = code !== 0;
    if (failed === failing) return;
    failing = failed;
    // The collector's answer is nobody's business here: of the error only its kind and code are told.
    if (failed) log.warn({ what, reason: reasonOf(error) }, 'telemetry cannot be delivered');
    else log.info({ what }, 'telemetry is delivered again');
  };
}

function reasonOf(error: Error | undefined): string {
  const code: unknown = error && 'code' in error ? error.code : undefined;
  return [error?.name ?? 'unknown', ...(code === undefined ? [] : [String(code)])].join(' ');
}
