import superjson from 'superjson';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { catalog } from '#server/catalog/catalog.ts';
import { parseEnv } from '#server/config/env.ts';
import { expectWireSchema } from '#tests/catalog/wire-schema-check.ts';
import { isFixture } from '#tests/fixtures/is-fixture.ts';
import { startUserTexts } from '#tests/support/upstreams/user-texts.ts';
import { newBrowser, siteUrl, withIdentity } from './in-process.ts';

const drafts = await startUserTexts('drafts');
const identity = withIdentity(
  { FIXTURE_DRAFTS_URL: drafts.url },
  { resources: { [drafts.url]: drafts.scopes } },
);
beforeAll(() => drafts.trust(identity.provider.issuer));
afterAll(() => drafts.close());

// An upload is a form, which tests/files sends.
const entries = catalog(parseEnv({}).RATE_LIMITS).filter(
  ({ user, type, path }) =>
    user !== null &&
    type !== 'subscription' &&
    path !== 'file.upload' &&
    (!path.startsWith('proxy.') || isFixture(path)),
);

const missing = new Set([
  'session.revoke',
  'account.identities.unlink',
  'file.completeUpload',
  'file.remove',
]);

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
    if (missing.has(path)) expect(response.status).toBe(404);
    else await expectWireSchema(output.wire, response);
  },
);
