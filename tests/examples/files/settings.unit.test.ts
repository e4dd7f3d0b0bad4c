import { describe } from 'vitest';
import { testSetting, upstreamUrls } from '#tests/config/setting-rows.ts';

describe('FILES_URL', () => testSetting('FILES_URL', { unset: undefined, ...upstreamUrls }));
