import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ConfigurationError, type Env, parseEnv } from '#server/config/env.ts';
import { companionsOf } from './companions.ts';

/** The valid and invalid values of a setting. */
export type Row = {
  /** Value if the variable is not set. */
  unset: unknown;
  /** Valid values with their parsed form. */
  valid: [value: string, parsed: unknown][];
  invalid: string[];
};

export const baseUrls: Pick<Row, 'valid' | 'invalid'> = {
  valid: [
    ['https://example.org', 'https://example.org'],
    ['http://127.0.0.1:4000/', 'http://127.0.0.1:4000'],
    ['https://example.org/prefix//', 'https://example.org/prefix'],
    ['http://[::1]:4000', 'http://[::1]:4000'],
  ],
  invalid: [
    'example.org',
    'ftp://example.org',
    'javascript:alert(1)',
    'https://:443',
    'https://example.org/?key=hunter2',
    'https://example.org/#hunter2',
    'https://user:hunter2@example.org',
    'https://hunter2@example.org',
  ],
};

/** The URLs of upstreams are checked against UPSTREAM_NETWORKS. */
export const upstreamUrls: typeof baseUrls = {
  valid: [...baseUrls.valid, ['http://files.internal:9000', 'http://files.internal:9000']],
  invalid: [
    ...baseUrls.invalid,
    'http://10.9.8.7:9000',
    'http://192.168.1.20/hunter2',
    'http://[fd00::1]:9000',
    'http://[::ffff:10.9.8.7]',
    'http://0x0a090807',
    'http://0.0.0.0:9000',
    'http://169.254.169.254/latest',
  ],
};

/** Declares the tests of one setting. */
export function testSetting(name: keyof Env, { unset, valid, invalid }: Row): void {
  test('unset', () => {
    expect(parseEnv({})[name]).toEqual(unset);
  });

  test.each(['', ' ', '\t\n'])('%j counts as unset', (value) => {
    expect(parseEnv({ [name]: value })[name]).toEqual(unset);
  });

  test.each(valid)('%j is accepted', (value, parsed) => {
    expect(parseEnv({ ...companionsOf(name), [name]: value })[name]).toEqual(parsed);
  });

  test.each(invalid.map((value) => [value]))(
    '%j is rejected with an error that contains the name but not the value',
    (value) => {
      const error = errorOf({ ...companionsOf(name), [name]: value });
      expect(error.message).toMatch(new RegExp(`^ {2}${name}(\\.\\d+)?: .+`, 'm'));
      // Short values occur in any text.
      if (value.length > 3) expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(value);
      expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
    },
  );
}

/** @returns the error of settings that are not valid */
export function errorOf(source: Record<string, string>): ConfigurationError {
  try {
    parseEnv(source);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}
