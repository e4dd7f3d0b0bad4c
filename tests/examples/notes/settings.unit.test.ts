import { describe } from 'vitest';
import { testSetting, upstreamUrls } from '#tests/config/setting-rows.ts';

describe('NOTES_URL', () => testSetting('NOTES_URL', { unset: undefined, ...upstreamUrls }));
