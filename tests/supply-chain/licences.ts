/** `npm run licences`: every package by its licence; `-- --omit=dev` leaves out what only builds and tests. */
import { mayBeUsed } from './licence-rules.ts';
import { readLockfile } from './lockfile.ts';

const delivered = process.argv.includes('--omit=dev');
const packages = readLockfile().packages.filter(({ dev }) => !delivered || !dev);
const byLicence = Map.groupBy(packages, ({ license }) => license ?? 'none named');
for (const [licence, group] of [...byLicence].sort(([a], [b]) => a.localeCompare(b, 'en'))) {
  const names = new Set(group.map(({ name, version }) => `${name} ${version}`));
  console.log(`${licence} (${names.size})\n  ${[...names].join(', ')}\n`);
}
const refused = packages.filter((each) => !mayBeUsed(each.license, each));
if (refused.length > 0) {
  console.error(
    `Licences that tests/supply-chain/licence-rules.ts does not list: ${refused.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = 1;
}
