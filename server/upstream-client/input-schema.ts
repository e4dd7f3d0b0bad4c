import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

/** Returns the schema of an endpoint's input: those of `params`, `query` and `body` that it declares. */
export function inputSchemaOf(endpoint: Endpoint): z.ZodObject {
  const parts: Record<string, z.ZodType> = {};
  if (endpoint.params) parts.params = endpoint.params.describe('Named segments of the path');
  if (endpoint.query) parts.query = endpoint.query;
  if ('body' in endpoint && endpoint.body) parts.body = endpoint.body;
  return z.strictObject(parts).meta({ examples: [endpoint.example] });
}
