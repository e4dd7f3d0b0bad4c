/**
 * Setup of the tests that run a second time, against Next without the front server before it. Where Next answers by
 * itself, before any route of ours, the test has to fail there: what is listed here is what differs, and all of it.
 */
import { beforeEach } from 'vitest';

type Difference = { because: string; tests: RegExp };

const differences: readonly Difference[] = [
  {
    because: 'Next refuses a path that it cannot decode, and resolves dot segments, before any route',
    tests:
      /(?:^|> )(?:a malformed path|a path that no upstream may get)|a path with a malformed percent sign|breaking the rule of path alone|(?:method before path|path before [a-z ]+)$|breaking every rule from one on/,
  },
  {
    because: 'Next answers methods, targets and protocol changes that are not of its own by itself',
    tests:
      /an absolute target|the target \*|TRACE: 405|a method of WebDAV|QUERY: 405|a request to change the protocol|also one that was refused before anything else looked at it/,
  },
  {
    because: 'Files and redirects of Next have the headers that Next gives them',
    tests:
      /> (?:no static file|\/favicon\.ico|\/apple-icon\.png|\/icon-192\.png|a script|the icon|a redirect of Next)(?:$|: with a site)/,
  },
  {
    because: 'Next reports a Server Action that is none with its stack, in lines of its own',
    tests: /an action (?:that is none|in the right form|as a form|of another site)/,
  },
  {
    because: 'Next writes Vary itself, and leaves our Accept out',
    tests: /^\/docs\S* > (?:is Markdown for|is a page for|as Markdown can be asked for)/,
  },
  {
    because: 'Next drops Content-Length from what a route handler answers',
    tests:
      /a range > bytes=\S+: those bytes alone|what the upstream says of a file is passed on|a file of no byte is a file too|HEAD has the headers of GET and asks the store/,
  },
];

beforeEach(({ task }) => {
  if (differences.some(({ tests }) => tests.test(task.fullTestName))) Reflect.set(task, 'fails', true);
});
