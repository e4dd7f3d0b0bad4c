import { describe, test } from 'vitest';
import type { RequirementName } from './requirements.ts';

/** Set by `npm test` to what is missing. A file that runs alone skips nothing: its test says what is missing. */
const missing = new Set((process.env.TESTS_WITHOUT ?? '').split(','));

export const has = (...names: RequirementName[]): boolean => !names.some((name) => missing.has(name));

/** `test`, skipped if one of these is missing. Hooks of a file all of whose tests are skipped do not run. */
export const testWith = (...names: RequirementName[]) => test.skipIf(!has(...names));

/** `describe`, skipped if one of these is missing. */
export const describeWith = (...names: RequirementName[]) => describe.skipIf(!has(...names));
