import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testWith } from '#tests/support/skip.ts';
import { findSecrets } from './secrets.ts';

/** Split into parts, so that this file contains no secret. */
const planted = {
  'an AWS key': ['AWS_SECRET_ACCESS_KEY=', 'wJalrXUtnFEMIQK7MDENGbPxRf', 'iCYzQ84LmEKZ7a'],
  'a GitHub token': ['ghp_', 'wWPw5k4aXcaT4', 'fNP0UcnZwJUVFk6LO0pINUx'],
  'a private key': [
    '-----BEGIN RSA ',
    'PRIVATE KEY-----\n',
    'MIIEpAIBAAKCAQEA0y7n'.repeat(8),
    '\n-----END RSA PRIVATE KEY-----',
  ],
  'a URL with a password': ['DATABASE_URL=postgres://', 'bff:Qz81mvLw', '@db.site.test:5432/bff'],
};

test.each(Object.entries(planted))('%s is found, and the report does not repeat it', async (_, parts) => {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'settings.txt');
  writeFileSync(file, `${parts.join('')}\n`);
  const found = await findSecrets(file);
  expect(found).toHaveLength(1);
  expect(found.join()).not.toContain(parts.slice(1).join(''));
});

testWith('git')('no file in Git contains a secret', async () => {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  const files = stdout
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(file));
  expect(files.length).toBeGreaterThan(600);
  const found = await Promise.all(files.map(findSecrets));
  expect(found.flat()).toEqual([]);
});
