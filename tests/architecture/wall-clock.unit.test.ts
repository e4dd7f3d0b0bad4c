import { expect, it } from 'vitest';
import { visitSources } from '#tests/support/source-files.ts';

/** The files that need the time of day, and what for. */
const allowed: Record<string, string> = {
  'app/(interactive)/contact/page.tsx': 'The form contains when it was shown.',
  'app/(interactive)/echo/echo-console.tsx': 'An example input.',
  'app/(interactive)/status/page.tsx': 'The time of the last check is shown.',
  'client/sign-in.ts': 'The time of refresh is stored, for other processes.',
  'client/token-file.ts': 'A lock of another process can be left over.',
  'client/examples/script.ts': 'An example input.',
  'server/cluster/primary.ts': 'The start time is shown.',
  'server/files/incoming.ts': 'Temporary files of an ended process have the time of day.',
  'server/feed/parse.ts': 'Items can be dated in the future.',
  'server/feed/release.ts': 'Items appear at their date.',
  'server/http/conditional-request.ts': 'Last-Modified must not be in the future.',
  'server/identity/bearer-tokens.ts': 'Access tokens end at a time of day.',
  'server/mail/screening.ts': 'The form contains when it was shown.',
  'server/storage/restore-sqlite.ts': 'The name of the replaced file has the time.',
  'server/storage/sqlite.ts':
    'Stored times must be comparable after a restart. Claims bound the effect of a wrong clock.',
  'server/observability/log.ts': 'Log lines contain the time of day.',
  'server/observability/otlp/metrics.ts': 'Exported metrics contain the time of day.',
  'server/process/started-at.ts': 'The start time is shown.',
  'server/routes/receive-delivery.ts': 'Other systems sign the time of day.',
  'server/routes/site.ts': 'security.txt contains a date.',
  'server/trpc/procedures/echo.ts': 'The response contains the time of receipt.',
  'server/upstream-client/client.ts': 'The time of receipt is shown.',
  'server/upstream-client/history.ts': 'The minutes of the last hour are shown.',
  'server/upstream-client/retry-after.ts': 'Retry-After can be a date.',
  'server/upstream-client/observer.ts': 'The time of the last failure is shown.',
  'server/upstream-client/response-cache.ts': 'The time of receipt is shown.',
};

/** Returns the places of `Date.now`, `new Date()` and `Date()`, by file. */
function findUses(): Map<string, string[]> {
  const uses = new Map<string, string[]>();
  visitSources((file, placeOf) => {
    const found = (node: { start: number; end: number }) => {
      uses.set(file, [...(uses.get(file) ?? []), placeOf(node)]);
    };
    return {
      MemberExpression(node) {
        const { object, property } = node;
        if (object.type !== 'Identifier' || object.name !== 'Date') return;
        if (property.type === 'Identifier' && property.name === 'now') found(node);
      },
      NewExpression(node) {
        const { callee } = node;
        if (callee.type === 'Identifier' && callee.name === 'Date' && node.arguments.length === 0)
          found(node);
      },
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'Date') found(node);
      },
    };
  });
  return uses;
}

const uses = findUses();

it('durations are measured with the monotonic clock', () => {
  const wrong = [...uses].flatMap(([file, places]) => (file in allowed ? [] : places));
  expect(
    wrong,
    'The wall clock can be set forward or back at any time. Deadlines, pauses, cache ages and windows need ' +
      'performance.now(). If the time of day is meant, add the file to the list in this test, with the reason.',
  ).toEqual([]);
});

it('every file in the list uses the time of day', () => {
  expect(Object.keys(allowed).filter((file) => !uses.has(file))).toEqual([]);
});
