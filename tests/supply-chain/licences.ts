/** `npm run licences`: lists packages by licence. `-- --omit=dev` leaves out development packages. */
import { isAllowed } from './licence-rules.ts';
import { lockfiles, readLockfile } from './lockfile.ts';

const omitDev = process.argv.includes('--omit=dev');
const packages = lockfiles
  .flatMap((file) => readLockfile(file).packages)
  .filter(({ dev }) => !omitDev || !dev);
const byLicence = Map.groupBy(packages, ({ license }) => license ?? 'no licence');
for (const [licence, group] of [...byLicence].sort(([a], [b]) => a.localeCompare(b, 'en'))) {
  const names = new Set(group.map(({ name, version }) => `${name} ${version}`));
  console.log(`${licence} (${names.size})\n  ${[...names].join(', ')}\n`);
}
const rejected = packages.filter((each) => !isAllowed(each.license, each));
if (rejected.length > 0) {
  console.error(
    `Licences that tests/supply-chain/licence-rules.ts does not list: ${rejected.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = 1;
}
