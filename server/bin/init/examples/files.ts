import { edit } from '../../new/change.ts';
import { cutLines, cutName, type Example, withoutSettings } from '../example.ts';

export const files: Example = {
  name: 'files',
  summary: 'downloads and uploads at /api/raw/files, from the store of FILES_URL',
  paths: ['server/upstreams/files.ts', 'tests/examples/files/'],
  changes: [
    ...withoutSettings([
      {
        name: 'FILES_URL',
        comment:
          'File store that serves GET and PUT at /files/<name>. Anyone can read all of it; writing needs the scope proxy.files.',
        declaration: '  FILES_URL: baseUrl.optional(),\n',
        isUrl: true,
      },
    ]),
    edit(
      'server/custom/upstreams.ts',
      cutLines('import { files }'),
      cutName('proxiedUpstreams = {', '}', 'files'),
    ),
    edit('docs/upstreams.md', (text) =>
      text
        .replace(' and uploads to the file store (`proxy.files`) require a key.', ' requires a key.')
        .replace('Of the shipped endpoints, uploads to the file store (`proxy.files`) require a key. ', ''),
    ),
    edit(
      'tests/examples/stand-ins.ts',
      cutLines('import { type FilesStandIn,'),
      cutLines('readonly files:', 'files: await', '/** Its paths begin', 'FILES_URL:'),
    ),
  ],
};
