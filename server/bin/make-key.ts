/**
 * `npm run key -- name scope…`: makes a key for another service. The key is shown once; what is configured is
 * its hash, which is of no use to whoever reads it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { serviceKeysSchema } from '../config/env-formats.ts';

const [name = '', ...scopes] = process.argv.slice(2);
const key = `bff_${randomBytes(32).toString('base64url')}`;
const sha256 = createHash('sha256').update(key).digest('hex');
const entry = [name, sha256, ...(scopes.length > 0 ? [scopes.join('+')] : [])].join(':');

if (serviceKeysSchema.safeParse(entry).success) {
  console.log(`Give this to ${name}, it cannot be shown again:\n\n  ${key}\n`);
  console.log(`Add this to SERVICE_KEYS, after a comma if there are others:\n\n  ${entry}`);
} else {
  console.error('Usage: npm run key -- name [scope …], for example: npm run key -- billing mail metrics');
  process.exitCode = 2;
}
