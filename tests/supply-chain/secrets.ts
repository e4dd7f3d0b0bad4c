import { readFileSync } from 'node:fs';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

/** The passwords that stand for one in tests. */
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

/** What Secretlint's recommended rules find in a file, without the secret itself. */
export async function secretsIn(file: string): Promise<string[]> {
  const content = readFileSync(file, 'utf8');
  const { messages } = await lintSource({
    source: { filePath: file, content, ext: '', contentType: 'text' },
    options: { config, maskSecrets: true },
  });
  return messages.map(({ loc, message }) => `${file}:${loc.start.line}: ${message}`);
}
