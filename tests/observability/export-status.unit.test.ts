import { describe, expect, test } from 'vitest';
import { createLogger } from '#server/observability/log.ts';
import { createExportStatus } from '#server/observability/otlp/export-status.ts';
import { createRequestScope, requestScope } from '#server/observability/request-scope.ts';

function testStatus() {
  const lines: unknown[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } });
  return { onResult: createExportStatus('spans', log), lines };
}

const ok = { code: 0 };
const failed = { code: 1, error: new Error('no response') };
const failure = { level: 'warn', what: 'spans', reason: 'no response', msg: 'telemetry export failed' };
const recovery = { level: 'info', what: 'spans', msg: 'telemetry export recovered' };

test('only the changes of an export are logged', () => {
  const { onResult, lines } = testStatus();
  for (const result of [ok, failed, failed, ok, ok, failed]) onResult(result);
  expect(lines).toMatchObject([failure, recovery, failure]);
});

test('the line belongs to no request, although one has triggered the export', () => {
  const { onResult, lines } = testStatus();
  requestScope.run(createRequestScope('request-1'), () => onResult(failed));
  expect(lines[0]).not.toHaveProperty('requestId');
});

describe('the reason is', () => {
  test.each([
    ['the code of the system', Object.assign(new Error('text'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['the HTTP status', Object.assign(new Error('text'), { code: 401 }), '401'],
    ['the message', new Error('text'), 'text'],
    ['unknown without an error', undefined, 'unknown'],
  ])('%s', (_, error, reason) => {
    const { onResult, lines } = testStatus();
    onResult({ code: 1, ...(error ? { error } : {}) });
    expect(lines).toMatchObject([{ reason }]);
  });
});
