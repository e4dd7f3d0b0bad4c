import superjson from 'superjson';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalog } from '#server/catalog/catalog.ts';
import { parseEnv } from '#server/config/env.ts';
import { expectWireSchema } from '#tests/catalog/wire-schema-check.ts';
import { notesScopes, startNotes } from '#tests/support/upstreams/notes.ts';
import { newBrowser, siteUrl, withIdentity } from './in-process.ts';

const notes = await startNotes();
const identity = withIdentity(notes.env, { resources: { [notes.url]: notesScopes } });
beforeAll(() => notes.trust(identity.provider.issuer));
afterAll(() => notes.close());

const entries = catalog(parseEnv({}).RATE_LIMITS).filter(
  ({ user, type }) => user !== null && type !== 'subscription',
);

test.each(entries.map((entry) => [entry.path, entry] as const))(
  '%s: the response to a user matches the wire schema of its output',
  async (path, { examples, output }) => {
    const browser = newBrowser();
    await browser.signIn('ada');
    const [example] = examples;
    const response = await browser.request(`/api/trpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin: siteUrl },
      body: JSON.stringify(example ? superjson.serialize(example.value) : {}),
    });
    // The id of an example does not exist.
    if (path === 'session.revoke' || path === 'account.identities.unlink') expect(response.status).toBe(404);
    else await expectWireSchema(output.wire, response);
  },
);
