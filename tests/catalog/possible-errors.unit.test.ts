import { describe, expect, test } from 'vitest';
import {
  type PossibleError,
  possibleDocumentErrors,
  possibleErrors,
  possibleHealthErrors,
  possibleTransferErrors,
} from '#server/catalog/possible-errors.ts';
import { errorReasonNames, errorReasons } from '#server/errors.ts';
import type { ProcedureMeta } from '#server/trpc/procedure-meta.ts';
import type { RawEndpoint, Upstream } from '#server/upstream-client/endpoint.ts';

const meta: ProcedureMeta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' };
const reasonsOf = (errors: readonly PossibleError[]) => errors.map(({ reason }) => reason).sort();

const ofCalls = [
  'batch_too_large',
  'host_not_allowed',
  'internal',
  'invalid_input',
  'method_not_allowed',
  'payload_too_large',
  'rate_limited',
  'request_timeout',
  'unauthorized',
  'unsupported_media_type',
  'uri_too_long',
];
const ofUpstreams = [
  'upstream_bad_answer',
  'upstream_overloaded',
  'upstream_refused',
  'upstream_timeout',
  'upstream_unreachable',
];

describe('the possible errors of a procedure', () => {
  test.each<[string, 'query' | 'mutation', Partial<ProcedureMeta>, string[]]>([
    ['a public query', 'query', {}, []],
    ['a sensitive query, which is POST only', 'query', { sensitive: true }, ['cross_origin']],
    ['a mutation', 'mutation', {}, ['cross_origin']],
    ['a procedure with a scope', 'query', { scope: 'mail' }, ['forbidden']],
    ['a procedure that calls an upstream', 'query', { rateLimit: 'upstream' }, ofUpstreams],
    ['a procedure of another class', 'query', { rateLimit: 'mail' }, []],
    ['a procedure with errors of its own', 'query', { errors: ['not_found'] }, ['not_found']],
  ])('that is %s', (_, type, own, more) => {
    expect(reasonsOf(possibleErrors({ type, meta: { ...meta, ...own } }))).toEqual(
      [...ofCalls, ...more].sort(),
    );
  });

  test('are described as in a response, once each, in the order of the list of all', () => {
    const errors = possibleErrors({ type: 'query', meta: { ...meta, errors: ['internal', 'not_found'] } });
    const names = errors.map(({ reason }) => reason);
    expect(names).toEqual(errorReasonNames.filter((reason) => names.includes(reason)));
    for (const { reason, ...description } of errors) expect(description).toEqual(errorReasons[reason]);
  });
});

test('a document can fail like every request, and a health check accepts every host', () => {
  expect(reasonsOf(possibleDocumentErrors())).toEqual(['host_not_allowed', 'internal', 'invalid_input']);
  expect(reasonsOf(possibleHealthErrors())).toEqual(['internal', 'invalid_input']);
});

describe('the possible errors of a raw endpoint', () => {
  const upstream: Upstream = { name: 'files', title: 'Files', origin: () => undefined, endpoints: {} };
  const endpoint: RawEndpoint = {
    method: 'GET',
    template: '/files',
    summary: 'Files',
    description: 'As they come.',
    example: {},
    answer: { kind: 'raw', mediaTypes: ['*/*'], fileName: 'x' },
  };
  const ofAll = [
    'host_not_allowed',
    'internal',
    'invalid_input',
    'not_found',
    'rate_limited',
    'unauthorized',
  ];
  const ofUploads = ['cross_origin', 'payload_too_large', 'request_timeout', 'unsupported_media_type'];

  test.each<[string, Partial<RawEndpoint>, string[]]>([
    ['a download', {}, []],
    ['a download with a scope', { public: false }, ['forbidden']],
    ['an upload', { method: 'PUT' }, ['forbidden', ...ofUploads]],
    ['a public upload', { method: 'PUT', public: true }, ofUploads],
    ['a download of ranges', { requestHeaders: ['range'] }, ['range_not_satisfiable']],
    ['a request with an entity tag', { requestHeaders: ['if-match'] }, ['precondition_failed']],
    ['a request with a date', { requestHeaders: ['if-unmodified-since'] }, ['precondition_failed']],
    ['a conditional download', { requestHeaders: ['if-none-match', 'if-modified-since'] }, []],
  ])('that is %s', (_, own, more) => {
    expect(reasonsOf(possibleTransferErrors(upstream, { ...endpoint, ...own }))).toEqual(
      [...ofAll, ...ofUpstreams, ...more].sort(),
    );
  });

  test('of an upstream with a credential include a missing scope', () => {
    const secret = { ...upstream, credential: { header: 'authorization', value: () => undefined } };
    expect(reasonsOf(possibleTransferErrors(secret, endpoint))).toContain('forbidden');
  });
});
