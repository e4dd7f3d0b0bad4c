import { isAnnounced } from './changelog.ts';
import { type ContractChange, compareContracts } from './compare.ts';
import { type Contract, contractSchema, writeContract } from './contract.ts';

export const contractFile = 'docs/contract.json';
export const changelogFile = 'CHANGELOG.md';

export type ContractCheck = {
  changes: readonly ContractChange[];
  /** Breaking changes of procedures that the changelog does not announce. */
  unannounced: readonly ContractChange[];
  /** Whether the snapshot matches the router. */
  upToDate: boolean;
};

/**
 * Compares the router's contract with the committed snapshot.
 *
 * @param snapshot text of the snapshot, empty if there is none
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

/** Returns one line per change, such as `breaking    orders.list: input.days: maximum 10, was 16`. */
export function changeLines({ changes }: ContractCheck): string[] {
  return changes.map(
    ({ path, message, breaking }) => `${breaking ? 'breaking  ' : 'compatible'}  ${path}: ${message}`,
  );
}

/** Formats the result of the check for a person, with the next step. */
export function contractReport(check: ContractCheck): string {
  if (check.upToDate) return `The contract matches ${contractFile}.`;
  const names = [...new Set(check.unannounced.map(({ path }) => `\`${path}\``))];
  const advice =
    names.length > 0
      ? `These changes break callers. Announce them in ${changelogFile}, in an entry under Unreleased, Changed or Removed, that mentions ${names.join(', ')}, or restore the contract.`
      : `Run "npm run contract -- --update" and commit ${contractFile}.`;
  return [...changeLines(check), advice].join('\n');
}
