import { describe, test } from 'vitest';
import type { RequirementName } from './requirements.ts';

/** The missing requirements, set by `npm test`. A file run on its own skips nothing; its tests fail with a hint. */
const missing = new Set((process.env.TESTS_WITHOUT ?? '').split(','));

export const has = (...names: RequirementName[]): boolean => !names.some((name) => missing.has(name));

/** Returns `test`, skipped if one of these is missing. Hooks do not run in a file where every test is skipped. */
export const testWith = (...names: RequirementName[]) => test.skipIf(!has(...names));

/** Returns `describe`, skipped if one of these is missing. */
export const describeWith = (...names: RequirementName[]) => describe.skipIf(!has(...names));
