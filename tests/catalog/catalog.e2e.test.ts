import { afterAll, beforeAll, test } from 'vitest';
import { z } from 'zod';
import { catalog } from '#server/catalog/catalog.ts';
import { parseEnv } from '#server/config/env.ts';
import { bearer, keys, sha256Of } from '#tests/rate-limit/keys.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyScopes } from '#tests/support/proxy-key.ts';
import { expectWireSchema } from './wire-schema-check.ts';

let product: Product;
let mailId: string;

beforeAll(async () => {
  // Without a mail server and an inbox the mail is held, so that the mail procedures have a mail to work on.
  product = await startProduct({
    DEMO: '',
    SERVICE_KEYS: `reader:${sha256Of(keys.reader)}:mail+${proxyScopes}`,
  });
  const receipt = await resultOf(
    await post(product, 'email.send', { email: 'a@visitor.example', contents: 'Hi' }),
  );
  mailId = z.object({ id: z.string() }).parse(receipt).id;
});
afterAll(() => product.close());

/** Those of users are called in tests/identity/wire-schema.unit.test.ts. */
const entries = catalog(parseEnv({}).RATE_LIMITS).filter(({ user }) => user === null);
const calls = entries
  .filter(({ type }) => type !== 'subscription')
  .flatMap((entry) =>
    (entry.examples.length > 0 ? entry.examples : [undefined]).map(
      (example, index) => [`${entry.path}, example ${index + 1}`, entry, example] as const,
    ),
  );

test.each(calls)('%s: the response matches the wire schema of its output', async (_, entry, example) => {
  const { path, output, scope } = entry;
  const headers = scope === null ? {} : bearer(keys.reader);
  const response = await post(product, path, example?.value, headers);
  if (response.status === 404) {
    // Ids are random, so the id of an example does not exist. The next test uses an existing id.
    await expectError(response, { reason: 'not_found', path });
    return;
  }
  await expectWireSchema(output.wire, response);
});

test.each(entries.filter(({ type }) => type === 'subscription').map((entry) => [entry.path, entry] as const))(
  '%s: each item matches the wire schema of its output',
  async (path, { output, examples: [example] }) => {
    const input = path === 'email.watch' ? { id: mailId } : example?.value;
    const text = await (await post(product, `${path}?once=1`, input)).text();
    const [, item = ''] = /^data: (.+)\nid: /m.exec(text) ?? [];
    const response = Response.json({ result: { data: JSON.parse(item) } });
    await expectWireSchema(output.wire, response);
  },
);

test.each(['email.status', 'mail.get', 'mail.requeue', 'mail.discard'])(
  '%s: the response for an existing id matches the wire schema',
  async (path) => {
    const entry = entries.find((other) => other.path === path);
    const response = await post(product, path, { id: mailId }, bearer(keys.reader));
    await expectWireSchema(entry?.output.wire, response);
  },
);
