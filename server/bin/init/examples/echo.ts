import { edit } from '../../new/change.ts';
import { cut, cutLines, cutName, cutUntil, type Example } from '../example.ts';

export const echo: Example = {
  name: 'echo',
  summary: 'the page /echo and echo.*',
  paths: ['app/(interactive)/echo/', 'server/trpc/procedures/echo.ts', 'tests/examples/echo/'],
  changes: [
    edit('server/custom/pages.ts', cutUntil("  {\n    path: '/echo',", '  {\n    path:')),
    edit(
      'server/custom/procedures.ts',
      cutLines('import { echo }'),
      cutName('customProcedures = {', '}', 'echo'),
    ),
    edit('client/public-queries.ts', cut("'echo.request', ")),
    edit('client/examples/script.ts', cutUntil('  const { res } = await', '  const [place]')),
    edit('docs/routes.md', cutLines('| `echo.body` |', '| `echo.request` |')),
    edit(
      'tests/architecture/wall-clock.unit.test.ts',
      cutLines(
        "'app/(interactive)/echo/echo-console.tsx':",
        "'client/examples/script.ts':",
        "'server/trpc/procedures/echo.ts':",
      ),
    ),
  ],
};
