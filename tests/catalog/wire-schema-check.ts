import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { z } from 'zod';
import type { JsonSchema } from '#server/lib/json-schema.ts';

const responseSchema = z.object({ result: z.object({ data: z.unknown() }) });

/** Expects a successful response whose output matches a schema of the wire format. */
export async function expectWireSchema(schema: JsonSchema | undefined, response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  const validate = ajv.compile(schema ?? false);
  validate(responseSchema.parse(JSON.parse(text)).result.data);
  expect(validate.errors ?? []).toEqual([]);
}
