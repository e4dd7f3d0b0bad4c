import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { commands } from '#server/bin/commands.ts';
import { exactRoutes } from '#server/routes/route-table.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { isFixture } from '#tests/fixtures/is-fixture.ts';

const read = (file: string) => readFileSync(file, 'utf8');
const pages = globSync(['*.md', 'docs/**/*.md']);

/** Returns the ids that GitHub gives to the headings of a page. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Returns the relative links and images of a page. */
function linksOf(page: string): string[] {
  const prose = page.replace(/^ *```[\s\S]*?^ *```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Returns the code spans in the first column of the tables of a page. */
function firstColumn(page: string): string[] {
  return [...page.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
  );
}

describe('links', () => {
  test.each(pages)('of %s lead to existing files and headings', (file) => {
    const broken = linksOf(read(file)).filter((target) => {
      const [path = '', anchor] = target.split('#');
      const linked = path === '' ? file : join(dirname(file), path);
      if (!existsSync(linked)) return true;
      return anchor !== undefined && !anchorsOf(read(linked)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('of docs/README.md lead to every page of docs/', () => {
    const linked = linksOf(read('docs/README.md'));
    const expected = globSync('*.md', { cwd: 'docs', exclude: ['README.md'] });
    expect(expected.filter((page) => !linked.includes(page))).toEqual([]);
  });
});

test('README.md has at most 90 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(90);
});

describe('commands', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));

  test('package.json has every command, and no other', () => {
    expect(Object.keys(scripts).sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  test('docs/commands.md lists every command under its heading, and no other', () => {
    const sections = read('docs/commands.md').split(/^## /m);
    const documented = sections.flatMap((section) =>
      firstColumn(section).map((code) => {
        const name = /^npm (?:run )?([\w:-]+)/.exec(code)?.[1] ?? code;
        return `${section.split('\n')[0]}: ${name}`;
      }),
    );
    expect(documented.sort()).toEqual(commands.map(({ group, name }) => `${group}: ${name}`).sort());
  });

  test.each(commands.filter(({ file }) => file !== undefined))(
    'npm run $name runs $file',
    ({ name, file = '' }) => {
      expect(scripts[name]).toMatch(new RegExp(`^node (?:--\\S+ )?server/bin/run\\.mjs ${name}$`));
      expect(existsSync(file)).toBe(true);
    },
  );
});

describe('docs/routes.md', () => {
  const documented = firstColumn(read('docs/routes.md'));

  test('lists every procedure, and no other', () => {
    const listed = documented.filter((name) => !name.startsWith('/'));
    expect(listed.sort()).toEqual([...procedures.keys()].filter((path) => !isFixture(path)).sort());
  });

  test('lists every route without parameters', () => {
    expect([...exactRoutes.keys()].filter((path) => !documented.includes(path))).toEqual([]);
  });
});

describe('docs/failures.md', () => {
  const rows = [...read('docs/failures.md').matchAll(/^\| (?!fault|-)(.*) \|$/gm)].map(([, row = '']) =>
    row.split(' | '),
  );

  test.each(rows)(
    '%s: names its tests, and existing alerts',
    (_fault, _visitors, operators = '', tests = '') => {
      expect(tests).toMatch(/^`tests\/[\w/.-]+\.test\.ts`(?:, `tests\/[\w/.-]+\.test\.ts`)*$/);
      const alerts = [...operators.matchAll(/`(Bff\w+)`/g)].map(([, name]) => name);
      const rules = read('deploy/observe/alerts.yaml');
      expect(alerts.filter((name) => !rules.includes(`alert: ${name}\n`))).toEqual([]);
      const metrics = [...operators.matchAll(/`(bff_\w+)`/g)].map(([, name]) => name);
      const documented = firstColumn(read('docs/observability.md'));
      expect(metrics.filter((name) => name && !documented.includes(name))).toEqual([]);
    },
  );
});

describe('file names in the documentation', () => {
  // CHANGELOG.md and the decision records describe the past.
  const current = pages.filter((file) => !/^(CHANGELOG\.md|docs\/decisions\/)/.test(file));

  test.each(current)('%s names only existing files', (file) => {
    const names = [...read(file).matchAll(/`((?:app|client|server|tests|deploy|docs)\/(?!\.)[^\s`*…<]+)`/g)];
    const missing = names.map(([, name = '']) => name).filter((name) => !existsSync(name));
    expect(missing).toEqual([]);
  });
});
