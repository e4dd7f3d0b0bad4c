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
import { isFixture } from '#tests/fixtures/is-fixture.ts';

const check = checkContract({
  snapshot: readFileSync(contractFile, 'utf8'),
  current: contractOf([...procedures.values()].filter(({ path }) => !isFixture(path))),
  changelog: readFileSync(changelogFile, 'utf8'),
});

it('the changelog announces every breaking change of the contract', () => {
  expect(check.unannounced, contractReport(check)).toEqual([]);
});

it('the snapshot of the contract matches the router', () => {
  expect(check.upToDate, contractReport(check)).toBe(true);
});
