/**
 * `npm run contract`: compares the router with the committed contract snapshot. `--update` writes the snapshot, unless
 * there are breaking changes that the changelog does not announce.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  changeLines,
  changelogFile,
  checkContract,
  contractFile,
  contractReport,
} from '../catalog/contract/check.ts';
import { contractOf, writeContract } from '../catalog/contract/contract.ts';
import { procedures } from '../trpc/procedure-registry.ts';

const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const current = contractOf(procedures.values());
const check = checkContract({ snapshot: read(contractFile), current, changelog: read(changelogFile) });
const mayUpdate = check.unannounced.length === 0 && process.argv.includes('--update');
if (!check.upToDate && mayUpdate) {
  writeFileSync(contractFile, writeContract(current));
  console.log([...changeLines(check), `Written to ${contractFile}.`].join('\n'));
} else {
  console.log(contractReport(check));
  process.exitCode = check.upToDate ? 0 : 1;
}
