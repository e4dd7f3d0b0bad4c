import { edit } from '../../new/change.ts';
import { cutLines, cutName, cutUntil, type Example, swap, withoutSettings } from '../example.ts';

export const github: Example = {
  name: 'github',
  summary: 'proxy.github.* and downloads of archives from codeload',
  paths: ['server/upstreams/github.ts', 'server/upstreams/codeload.ts', 'tests/examples/github/'],
  changes: [
    ...withoutSettings([
      {
        name: 'GITHUB_API_URL',
        comment: "GitHub's REST API.",
        declaration: "  GITHUB_API_URL: baseUrl.default('https://api.github.com'),\n",
        isUrl: true,
      },
      {
        name: 'GITHUB_ARCHIVE_URL',
        comment: "GitHub's archives of source code.",
        declaration: "  GITHUB_ARCHIVE_URL: baseUrl.default('https://codeload.github.com'),\n",
        isUrl: true,
      },
      {
        name: 'GITHUB_TOKEN',
        comment: 'Token for GITHUB_API_URL. Unset: GitHub allows 60 calls an hour.',
        declaration:
          "  GITHUB_TOKEN: z\n    .string()\n    .trim()\n    .regex(/^[!-~]+$/, 'must be one word of printable ASCII')\n    .optional(),\n",
        isUrl: false,
      },
    ]),
    edit(
      'server/custom/upstreams.ts',
      cutLines('import { codeload }', 'import { github }'),
      cutName('proxiedUpstreams = {', '}', 'codeload'),
      cutName('proxiedUpstreams = {', '}', 'github'),
    ),
    edit('tests/support/requirements.ts', cutUntil('  gnuTar: {', '  script: {')),
    edit('docs/routes.md', cutLines('| `proxy.github.repository`')),
    edit(
      'docs/upstreams.md',
      swap('`github.renderMarkdown` (`proxy.github`) and uploads', 'uploads'),
      swap(
        ' The reading endpoints of GitHub are public although they send `GITHUB_TOKEN`: their responses are cached, and the token should have no access to private repositories.',
        '',
      ),
    ),
    edit('client/examples/script.ts', cutUntil('  const { data } = await', '} catch (error)')),
    edit(
      'tests/examples/stand-ins.ts',
      cutLines('import { codeloadArchives }', 'import { githubApi }'),
      cutLines('readonly github:', 'readonly codeload:', 'github: await', 'codeload: await'),
      cutLines('GITHUB_API_URL:', 'GITHUB_ARCHIVE_URL:'),
    ),
  ],
};
