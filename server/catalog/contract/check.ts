import { isAnnounced } from './changelog.ts';
import { type ContractChange, compareContracts } from './compare.ts';
import { type Contract, contractSchema, writeContract } from './contract.ts';

export const contractFile = 'docs/contract.json';
export const changelogFile = 'CHANGELOG.md';

export type ContractCheck = {
  changes: readonly ContractChange[];
  /** Breaking changes of procedures that the changelog does not name. */
  unannounced: readonly ContractChange[];
  /** Whether the snapshot is what the router offers. */
  upToDate: boolean;
};

/**
 * Holds what the router offers against the committed snapshot.
 *
 * @param snapshot the text of the snapshot; empty for none
 */
export function checkContract(options: {
  snapshot: string;
  current: Contract;
  changelog: string;
}): ContractCheck {
  const { snapshot, current, changelog } = options;
  const before = contractSchema.parse(snapshot === '' ? {} : JSON.parse(snapshot));
  const changes = compareContracts(before, current);
  return {
    changes,
    unannounced: changes.filter(({ breaking, path }) => breaking && !isAnnounced(changelog, path)),
    upToDate: snapshot === writeContract(current),
  };
}

/** A line for each change, as `breaking    weather.forecast: input.days: maximum 10, was 16`. */
export function changeLines({ changes }: ContractCheck): string[] {
  return changes.map(
    ({ path, message, breaking }) => `${breaking ? 'breaking  ' : 'compatible'}  ${path}: ${message}`,
  );
}

/** The check in words, with what is to be done. */
export function contractReport(check: ContractCheck): string {
  if (check.upToDate) return `The contract is as in ${contractFile}.`;
  const names = [...new Set(check.unannounced.map(({ path }) => `\`${path}\``))];
  const advice =
    names.length > 0
      ? `This breaks those who call. Tell them under Unreleased in ${changelogFile}, in an entry that names ${names.join(', ')}; or leave what they rely on as it is.`
      : `Run "npm run contract -- --update" and commit ${contractFile}.`;
  return [...changeLines(check), advice].join('\n');
}
