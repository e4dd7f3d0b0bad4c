import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  changelogFile,
  checkContract,
  contractFile,
  contractReport,
} from '#server/catalog/contract/check.ts';
import { contractOf } from '#server/catalog/contract/contract.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

const check = checkContract({
  snapshot: readFileSync(contractFile, 'utf8'),
  current: contractOf(procedures.values()),
  changelog: readFileSync(changelogFile, 'utf8'),
});

it('no change breaks callers without being told in the changelog', () => {
  expect(check.unannounced, contractReport(check)).toEqual([]);
});

it('the snapshot of the contract is what the router offers', () => {
  expect(check.upToDate, contractReport(check)).toBe(true);
});
