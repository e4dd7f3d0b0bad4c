/**
 * `npm run key -- name scope…`: creates a key for another service. The key is shown once. The configuration contains
 * only its hash, which cannot be used as a key.
 */
import { createHash, randomBytes } from 'node:crypto';
import { serviceKeysSchema } from '../config/env-formats.ts';

const [name = '', ...scopes] = process.argv.slice(2);
const key = `bff_${randomBytes(32).toString('base64url')}`;
const sha256 = createHash('sha256').update(key).digest('hex');
const entry = [name, sha256, ...(scopes.length > 0 ? [scopes.join('+')] : [])].join(':');

if (serviceKeysSchema.safeParse(entry).success) {
  console.log(`Give this key to ${name}. It cannot be shown again:\n\n  ${key}\n`);
  console.log(`Add this to SERVICE_KEYS, separated from other entries by a comma:\n\n  ${entry}`);
} else {
  console.error('Usage: npm run key -- name [scope …], for example: npm run key -- billing mail metrics');
  process.exitCode = 2;
}
