import { readFileSync } from 'node:fs';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

/** Placeholder passwords in tests. */
const options = { allows: ['/:(hunter2|password)@/'] };

const config = {
  rules: [
    {
      id: '@secretlint/secretlint-rule-preset-recommend',
      rule: creator,
      rules: [
        { id: '@secretlint/secretlint-rule-basicauth', options },
        { id: '@secretlint/secretlint-rule-database-connection-string', options },
      ],
    },
  ],
};

/** Returns the findings of Secretlint's recommended rules in a file, with the secrets masked. */
export async function findSecrets(file: string): Promise<string[]> {
  const content = readFileSync(file, 'utf8');
  const { messages } = await lintSource({
    source: { filePath: file, content, ext: '', contentType: 'text' },
    options: { config, maskSecrets: true },
  });
  return messages.map(({ loc, message }) => `${file}:${loc.start.line}: ${message}`);
}
