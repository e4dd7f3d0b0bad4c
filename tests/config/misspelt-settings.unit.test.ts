import { expect, test } from 'vitest';
import { settingNames } from '#server/config/env.ts';
import { misspeltSettings } from '#server/config/misspelt-settings.ts';

const misspelt = (name: string) => misspeltSettings({ [name]: 'any value' });

test.each([
  ['ALLOWED_HOST', 'ALLOWED_HOSTS'],
  ['ALLOWED_ORIGINSS', 'ALLOWED_ORIGINS'],
  ['SIET_URL', 'SITE_URL'],
  ['SITEURL', 'SITE_URL'],
  ['siteUrl', 'SITE_URL'],
  ['REDIS_URI', 'REDIS_URL'],
  ['RATE-LIMITS', 'RATE_LIMITS'],
  ['TRUSTED_PROXY_HOP', 'TRUSTED_PROXY_HOPS'],
  ['Port', 'PORT'],
])('%s is almost %s', (given, setting) => {
  expect(misspelt(given)).toEqual([[given, setting]]);
});

test.each([
  ...settingNames,
  ...['http_proxy', 'https_proxy', 'no_proxy'],
  ...['PATH', 'POST', 'SORT', 'HOME', 'HOSTNAME', 'TERM', 'FTP_PROXY', 'ALL_PROXY', 'USER', 'PWD', 'CI'],
])('%s is a setting or another variable', (name) => {
  expect(misspelt(name)).toEqual([]);
});
