import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import config from '../../next.config.ts';

// Not a glob: that would skip app/.well-known.
const sources = ['app', 'client', 'server'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => `${folder}/${file}`),
);

describe('features of Next that this product does not use', () => {
  test('server actions', () => {
    expect(sources.length).toBeGreaterThan(150);
    const actions = sources.filter((file) => /^\s*(['"])use server\1/m.test(readFileSync(file, 'utf8')));
    expect(
      actions,
      "Do not use 'use server': procedures are the API. A server action would have no rate limit, contract or " +
        'documentation, and the node server rejects requests for one.',
    ).toEqual([]);
  });

  test.each(['rewrites', 'redirects', 'headers'])('%s in next.config.ts', (name) => {
    expect(
      config,
      `Do not set "${name}" in next.config.ts: the node server handles raw routes before Next and would ignore it ` +
        'there. Use proxy.ts for pages and server/http for routes.',
    ).not.toHaveProperty(name);
  });
});
