import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Env, parseEnv, settingNames } from '#server/config/env.ts';

type Setting = { name: string; value: string; section: string; explanation: string };

/** Each commented-out assignment of .env.example, with the `## section` and the comment above it. */
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

/** The settings of the tables of docs/configuration.md, by the heading above. */
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

test('.env.example and docs/configuration.md have every setting, once, in the same sections', () => {
  expect(settings.map(({ name }) => name).sort()).toEqual([...settingNames].sort());
  // The commands set NODE_ENV, so it is not documented as a setting.
  const inBoth = settings.filter(({ name }) => name !== 'NODE_ENV');
  expect(inBoth.map(({ name, section }) => [name, section])).toEqual(
    [...documented].filter(([name]) => isSetting(name)),
  );
});

test('a copy of .env.example with every line uncommented is a valid environment', () => {
  expect(() => parseEnv(Object.fromEntries(settings.map(({ name, value }) => [name, value])))).not.toThrow();
});

describe.each(settings)('$name in .env.example', ({ name, value, explanation }) => {
  // Depends on the machine, or is a placeholder that only works without SMTP_URL.
  const examples = ['WEB_CONCURRENCY', 'MAIL_TO', 'MAIL_FROM'];

  test('has one line of explanation', () => {
    expect(explanation).toMatch(/^# \S.{10,}$/);
  });

  test('is a word that a shell reads unchanged', () => {
    expect(value).toMatch(/^[\w:/.,@=+-]+$/);
  });

  test('has its default, if it has one', () => {
    if (!isSetting(name)) throw new Error(`${name} is not a setting`);
    const mail = { MAIL_TO: 'owner@example.org', MAIL_FROM: 'website@example.org' };
    const unset = parseEnv({})[name];
    const parsed = parseEnv({ ...(name === 'SMTP_URL' ? mail : {}), [name]: value })[name];
    const hasDefault = unset !== undefined && !(Array.isArray(unset) && unset.length === 0);
    if (hasDefault && !examples.includes(name)) expect(parsed).toEqual(unset);
    else expect(parsed).toBeDefined();
  });
});
