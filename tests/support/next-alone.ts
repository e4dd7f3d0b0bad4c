/**
 * Setup of the tests that run a second time, against `next start` without the product's own server. Where Next responds
 * before any route, a test is expected to fail: the list below is complete, so a listed test that passes fails the run.
 */
import { beforeEach } from 'vitest';

type Difference = { reason: string; tests: RegExp };

const differences: readonly Difference[] = [
  {
    reason: 'Next rejects paths that it cannot decode and resolves dot segments before any route',
    tests:
      /(?:^|> )(?:a malformed path|a malformed page path|a path not allowed to reach an upstream)|a path with a malformed percent sign|breaking only the rule path:|(?:method before path|path before [a-z ]+)$|breaking all rules from one on/,
  },
  {
    reason: 'Next itself responds to other methods and protocol upgrades',
    tests:
      /TRACE: 405|a WebDAV method|QUERY: 405|a protocol upgrade request|TRACE, which is rejected before routing/,
  },
  {
    reason: 'Next sets the headers of its own files and redirects',
    tests:
      /> (?:a missing static file|\/favicon\.ico|\/apple-icon\.png|\/icon-192\.png|a script|the icon|Next's own redirect)$/,
  },
  {
    reason: 'Next logs an unknown Server Action with its stack, outside the structured log',
    tests: /an unknown action/,
  },
  {
    reason: 'Next overwrites Vary and drops Accept',
    tests: /^\/docs\S* > (?:is Markdown for|is HTML for|supports conditional requests)/,
  },
  {
    reason: 'Next drops Content-Length from the responses of route handlers',
    tests:
      /a range > bytes=\S+ returns exactly those bytes|the headers of an upstream file are passed on|an empty file is served|HEAD has the same headers as GET and sends HEAD/,
  },
];

beforeEach(({ task }) => {
  if (differences.some(({ tests }) => tests.test(task.fullTestName))) Object.assign(task, { fails: true });
});
