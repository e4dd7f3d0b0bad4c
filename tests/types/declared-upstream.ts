/**
 * Type tests, run by `npm run check`: the inputs and outputs of callers are inferred from an upstream's declaration.
 */
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import type { EndpointData, EndpointInput } from '#server/upstream-client/endpoint.ts';

const library = defineUpstream({
  name: 'library',
  title: 'Library',
  origin: () => undefined,
  endpoints: {
    books: {
      method: 'GET',
      template: '/shelves/{shelf}/books',
      summary: 'Books of a shelf',
      description: 'Books of a shelf.',
      params: z.object({ shelf: z.string() }),
      query: z.object({ page: z.int().default(1), language: z.enum(['en', 'de']).optional() }).optional(),
      answer: {
        kind: 'json',
        schema: z.object({
          books: z.array(z.object({ title: z.string(), due: z.coerce.date().nullable() })),
        }),
      },
      example: {},
    },
    lend: {
      method: 'POST',
      template: '/loans',
      summary: 'Lends a book',
      description: 'Lends a book.',
      body: z.object({ book: z.string(), days: z.int().default(14) }),
      answer: { kind: 'json', schema: z.object({ loan: z.string() }) },
      example: {},
    },
    opening: {
      method: 'GET',
      template: '/opening',
      summary: 'Opening hours',
      description: 'Opening hours.',
      answer: { kind: 'text', schema: z.string() },
      example: {},
    },
  },
});
type Endpoints = typeof library.endpoints;

// A GET: params are required and the query is optional. Fields with a default may be omitted.
type BooksInput = EndpointInput<Endpoints['books']>;
expectTypeOf<BooksInput['params']>().toEqualTypeOf<{ shelf: string }>();
expectTypeOf<BooksInput['query']>().toEqualTypeOf<
  { page?: number | undefined; language?: 'en' | 'de' | undefined } | undefined
>();
expectTypeOf<keyof BooksInput>().toEqualTypeOf<'params' | 'query'>();
expectTypeOf<{ params: { shelf: string } }>().toExtend<BooksInput>();
expectTypeOf<{ query: { page: number } }>().not.toExtend<BooksInput>();
expectTypeOf<{ params: { shelf: number } }>().not.toExtend<BooksInput>();
expectTypeOf<{ params: { shelf: string }; query: { language: 'fr' } }>().not.toExtend<BooksInput>();
expectTypeOf<EndpointData<Endpoints['books']>>().toEqualTypeOf<{
  books: { title: string; due: Date | null }[];
}>();

// A POST: only its body.
type LendInput = EndpointInput<Endpoints['lend']>;
expectTypeOf<keyof LendInput>().toEqualTypeOf<'body'>();
expectTypeOf<LendInput['body']>().toEqualTypeOf<{ book: string; days?: number | undefined }>();
expectTypeOf<EndpointData<Endpoints['lend']>>().toEqualTypeOf<{ loan: string }>();

// An endpoint without input.
expectTypeOf<keyof EndpointInput<Endpoints['opening']>>().toEqualTypeOf<never>();
expectTypeOf<EndpointData<Endpoints['opening']>>().toEqualTypeOf<string>();
