import { edit } from '../../new/change.ts';
import { cutLines, cutName, type Example, withoutSettings } from '../example.ts';

export const notes: Example = {
  name: 'notes',
  summary: 'the page /notes and proxy.notes.*, a backend that is called with tokens of users',
  paths: ['app/(interactive)/notes/', 'server/upstreams/notes.ts', 'tests/examples/notes/'],
  changes: [
    ...withoutSettings([
      {
        name: 'NOTES_URL',
        comment: 'Notes of users. Called with the access tokens of users, which are for this address.',
        declaration: '  NOTES_URL: baseUrl.optional(),\n',
        isUrl: true,
      },
    ]),
    edit('server/custom/pages.ts', cutLines("{ path: '/notes',"), (text) =>
      text.replace(/(?:, )?'\/notes\/add'/, ''),
    ),
    edit(
      'server/custom/upstreams.ts',
      cutLines('import { notes }'),
      cutName('proxiedUpstreams = {', '}', 'notes'),
    ),
    edit('docs/routes.md', cutLines('| `proxy.notes.list`')),
    edit('tests/examples/stand-ins.ts', cutLines("{ kind: 'notes',")),
  ],
};
