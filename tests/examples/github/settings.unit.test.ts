import { describe } from 'vitest';
import { testSetting, upstreamUrls } from '#tests/config/setting-rows.ts';

describe('GITHUB_API_URL', () =>
  testSetting('GITHUB_API_URL', { unset: 'https://api.github.com', ...upstreamUrls }));

describe('GITHUB_ARCHIVE_URL', () =>
  testSetting('GITHUB_ARCHIVE_URL', { unset: 'https://codeload.github.com', ...upstreamUrls }));

describe('GITHUB_TOKEN', () =>
  testSetting('GITHUB_TOKEN', {
    unset: undefined,
    valid: [['ghp_0123456789', 'ghp_0123456789']],
    // Neither is valid in a header: every call to GitHub would fail.
    invalid: ['ghp_hunter2\nx-injected: 1', 'ghp_hunter2🌦'],
  }));
