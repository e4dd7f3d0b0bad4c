import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { catalog } from '#server/catalog/catalog.ts';
import { parseEnv } from '#server/config/env.ts';
import type { JsonSchema } from '#server/lib/json-schema.ts';
import { bearer, keys, sha256Of } from '#tests/rate-limit/keys.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectRefusal, post, resultOf } from './call.ts';

let product: Product;
let mailId: string;

beforeAll(async () => {
  // Without a mail server and an inbox the mail is held, so that there is something to do with it.
  product = await startProduct({ DEMO: '', SERVICE_KEYS: `reader:${sha256Of(keys.reader)}:mail` });
  const receipt = await resultOf(
    await post(product, 'email.send', { email: 'a@visitor.example', contents: 'Hi' }),
  );
  mailId = z.object({ id: z.string() }).parse(receipt).id;
});
afterAll(() => product.close());

const answerSchema = z.object({ result: z.object({ data: z.unknown() }) });
const entries = catalog(parseEnv({}).RATE_LIMITS);
const calls = entries.flatMap((entry) =>
  (entry.examples.length > 0 ? entry.examples : [undefined]).map(
    (example, index) => [`${entry.path}, example ${index + 1}`, entry, example] as const,
  ),
);

test.each(calls)(
  '%s: the answer is of the form that its output has on the wire',
  async (_, entry, example) => {
    const { path, output, scope } = entry;
    const headers = scope === null ? {} : bearer(keys.reader);
    const answer = await post(product, path, example?.value, headers);
    if (answer.status === 404) {
      // An id is made anew each time, so that of an example is nobody's. The form is seen by one that is there.
      await expectRefusal(answer, { reason: 'not_found', path });
      return;
    }
    await expectWireForm(output.wire, answer);
  },
);

test.each(['email.status', 'mail.get', 'mail.requeue', 'mail.discard'])(
  '%s: so is that for an id which is there',
  async (path) => {
    const entry = entries.find((other) => other.path === path);
    const answer = await post(product, path, { id: mailId }, bearer(keys.reader));
    await expectWireForm(entry?.output.wire, answer);
  },
);

async function expectWireForm(schema: JsonSchema | undefined, answer: Response): Promise<void> {
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  const isRight = ajv.compile(schema ?? false);
  isRight(answerSchema.parse(JSON.parse(text)).result.data);
  expect(isRight.errors ?? []).toEqual([]);
}
