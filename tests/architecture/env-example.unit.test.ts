import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Env, parseEnv, settingNames } from '#server/config/env.ts';
import { companionsOf } from '#tests/config/companions.ts';
import { isFixture } from '#tests/fixtures/is-fixture.ts';

type Setting = { name: string; value: string; section: string; explanation: string };

/** Reads the commented-out assignments of .env.example, with their `## section` and the comment above them. */
function readExample(): Setting[] {
  const settings: Setting[] = [];
  let section = '';
  let previous = '';
  for (const line of readFileSync('.env.example', 'utf8').split('\n')) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const [, name, value] = /^#?\s*([A-Z][A-Z\d_]*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      expect(line).toBe(`#${name}=${value}`);
      settings.push({ name, value, section, explanation: previous });
    }
    previous = line;
  }
  return settings;
}

/** Reads the settings in the tables of docs/configuration.md, with the heading above them. */
function readDocumentation(): Map<string, string> {
  const sections = new Map<string, string>();
  let section = '';
  for (const line of readFileSync('docs/configuration.md', 'utf8').split('\n')) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const [, cell = ''] = /^\| ((?:`[A-Z][A-Z\d_]*`(?:, )?)+) \|/.exec(line) ?? [];
    for (const [, name = ''] of cell.matchAll(/`(\w+)`/g)) sections.set(name, section);
  }
  return sections;
}

const settings = readExample();
const documented = readDocumentation();
const isSetting = (name: string): name is keyof Env => settingNames.includes(name);

test('.env.example and docs/configuration.md list every setting once, in the same sections', () => {
  expect(settings.map(({ name }) => name).sort()).toEqual(
    settingNames.filter((name) => !isFixture(name)).sort(),
  );
  // The commands set NODE_ENV, so it is not documented as a setting.
  const inBoth = settings.filter(({ name }) => name !== 'NODE_ENV');
  expect(inBoth.map(({ name, section }) => [name, section])).toEqual(
    [...documented].filter(([name]) => isSetting(name)),
  );
});

test('a copy of .env.example with every line uncommented is a valid environment', () => {
  expect(() => parseEnv(Object.fromEntries(settings.map(({ name, value }) => [name, value])))).not.toThrow();
});

const isEmpty = (value: unknown) =>
  (Array.isArray(value) && value.length === 0) || (value instanceof Map && value.size === 0);

describe.each(settings)('$name in .env.example', ({ name, value, explanation }) => {
  // Their defaults depend on the machine, or are placeholders that are valid only without SMTP_URL.
  const examples = ['WEB_CONCURRENCY', 'MAIL_TO', 'MAIL_FROM'];

  test('has one line of explanation', () => {
    expect(explanation).toMatch(/^# \S.{10,}$/);
  });

  test('needs no quoting in a shell', () => {
    expect(value).toMatch(/^[\w:/.,@=+-]+$/);
  });

  test('shows the default, if there is one', () => {
    if (!isSetting(name)) throw new Error(`${name} is not a setting`);
    const unset = parseEnv({})[name];
    const parsed = parseEnv({ ...companionsOf(name), [name]: value })[name];
    const hasDefault = unset !== undefined && !isEmpty(unset);
    if (hasDefault && !examples.includes(name)) expect(parsed).toEqual(unset);
    else expect(parsed).toBeDefined();
  });
});
