import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { sessionSecrets } from '#server/identity/secrets.ts';
import { tempDir } from '#tests/mail/support.ts';

const log = { error: vi.fn() };

test('the secrets of the settings are used as they are', () => {
  expect(sessionSecrets({ SESSION_SECRETS: ['new', 'old'], DATA_DIR: '/nowhere' }, log)).toEqual([
    'new',
    'old',
  ]);
});

test('without any, one is made once and kept, readable only for its owner', () => {
  const settings = { SESSION_SECRETS: [], DATA_DIR: join(tempDir(), 'data') };
  const [made] = sessionSecrets(settings, log);
  expect(made).toMatch(/^[\w-]{43}$/);
  expect(sessionSecrets(settings, log)).toEqual([made]);
  const file = join(settings.DATA_DIR, 'session-secret');
  expect(readFileSync(file, 'utf8')).toBe(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a folder that cannot be written, and a file without a secret, are logged, and the secret is a new one', () => {
  const folder = tempDir();
  writeFileSync(join(folder, 'session-secret'), '\n');
  const blocked = join(folder, 'session-secret', 'data');
  for (const DATA_DIR of [folder, blocked]) {
    log.error.mockClear();
    expect(sessionSecrets({ SESSION_SECRETS: [], DATA_DIR }, log)).toEqual([
      expect.stringMatching(/^[\w-]{43}$/),
    ]);
    expect(log.error).toHaveBeenCalledOnce();
  }
});
