import { readFileSync } from 'node:fs';
import { type Change, edit } from '../new/change.ts';
import { cutLines, cutUntil, type Example, swap } from './example.ts';

/** Files of init itself, and of the start page that it replaces. */
const ownPaths = [
  'server/bin/init.ts',
  'server/bin/init/',
  'tests/bin/init/',
  'docs/init.md',
  'docs/images/',
  'app/_components/bench-figures.tsx',
  'app/_components/call-samples.tsx',
  'app/_components/request-map.tsx',
  'tests/browser/start-page.e2e.test.ts',
];

/** Files that only these examples use together. */
const sharedPaths = [
  {
    users: ['weather', 'github'],
    paths: ['tests/support/upstreams/hash-text.ts', 'tests/upstreams/at.ts'],
  },
];

/** Returns what is deleted besides the paths of the examples. */
export function otherPaths(without: readonly Example[]): string[] {
  const removed = without.map(({ name }) => name);
  const shared = sharedPaths.filter(({ users }) => users.every((name) => removed.includes(name)));
  return [...ownPaths, ...shared.flatMap(({ paths }) => paths)];
}

const template = (name: string) => readFileSync(new URL(`templates/${name}.txt`, import.meta.url), 'utf8');
const rewrite = (file: string, text: string): Change => edit(file, () => text);

/** Returns the changes that do not depend on one example. They follow those of the examples. */
export function finishingChanges({
  title,
  without,
}: {
  title: string;
  without: readonly Example[];
}): Change[] {
  const removed = new Set(without.map(({ name }) => name));
  const packages = without.flatMap((example) => example.packages ?? []);
  return [
    ...emptyLists(removed),
    rewrite('app/page.tsx', template('page')),
    rewrite('CHANGELOG.md', template('changelog')),
    rewrite('README.md', readme(title, removed)),
    edit('server/config/product-name.ts', swap("productTitle = 'typed-bff'", `productTitle = '${title}'`)),
    edit(
      'package.json',
      cutLines(
        '"init":',
        '"test:init":',
        '"tests/bin/init/suite.ts",',
        ...packages.map((name) => `"${name}":`),
      ),
      (text) => text.replace(/"description": ".*"/, `"description": "${title}."`),
    ),
    edit(
      'server/bin/commands.ts',
      cutUntil("  {\n    name: 'init',", '  {\n'),
      cutUntil("  {\n    name: 'test:init',", '  {\n'),
    ),
    edit('docs/commands.md', cutLines('| `npm run init', '| `npm run test:init`')),
    edit('docs/README.md', cutLines('| [init.md]')),
  ];
}

/** TypeScript and Biome reject the parameters and types that empty lists would leave. */
function emptyLists(removed: ReadonlySet<string>): Change[] {
  const hasNoStandIn = ['weather', 'github', 'files'].every((name) => removed.has(name));
  return [
    ...(hasNoStandIn
      ? [edit('tests/examples/stand-ins.ts', (text) => withoutStandIns(text, removed.has('notes')))]
      : []),
  ];
}

function withoutStandIns(text: string, hasNoTexts: boolean): string {
  const standIns = template('stand-ins');
  if (hasNoTexts) return standIns;
  const [, declaration = ''] = text.split('exampleUserTexts', 2);
  const from = declaration.indexOf('= [') + 2;
  const to = declaration.indexOf('];', from) + 1;
  const list = from > 1 && to > 0 ? declaration.slice(from, to) : '[]';
  return standIns.replace('= [];', () => `= ${list};`);
}

function readme(title: string, removed: ReadonlySet<string>): string {
  const credit = removed.has('weather')
    ? ''
    : '\nWeather data by [Open-Meteo.com](https://open-meteo.com) (CC BY 4.0, free for non-commercial use up to 10,000 calls a day).\n';
  return template('readme')
    .replaceAll('{{title}}', () => title)
    .replace('{{credit}}', () => credit);
}
