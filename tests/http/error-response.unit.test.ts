import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { decodePathSegment } from '#server/http/decode-path.ts';
import { errorResponse } from '#server/http/error-response.ts';
import { HttpError } from '#server/http/http-error.ts';
import { parseJsonBody, parseJsonParameter } from '#server/http/json.ts';

const where = { path: '/rss.xml', requestId: 'request-1' };

describe('the response of an error', () => {
  test('has its status, and its body tells the caller everything', () => {
    const error = new AppError('invalid_input', { message: 'No.', fieldErrors: { a: ['b'] } });
    const { status, headers, body } = errorResponse(error, where);
    expect(status).toBe(400);
    expect(headers).toEqual({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toEqual({
      error: {
        json: {
          message: 'No.',
          code: -32600,
          data: {
            code: 'BAD_REQUEST',
            httpStatus: 400,
            path: '/rss.xml',
            requestId: 'request-1',
            reason: 'invalid_input',
            fieldErrors: { a: ['b'] },
          },
        },
      },
    });
  });

  test.each([
    ['a wait', new AppError('rate_limited', { retryAfterSeconds: 7 }), { 'retry-after': '7' }],
    ['no wait', new AppError('rate_limited'), {}],
    [
      'its own headers, which take precedence',
      new HttpError('unauthorized', { headers: { 'www-authenticate': 'Own', allow: 'GET' } }),
      { 'www-authenticate': 'Own', allow: 'GET' },
    ],
    ['no header of its own', new HttpError('not_found'), {}],
  ])('has %s', (_, error, headers) => {
    expect(errorResponse(error, where).headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...headers,
    });
  });

  test('has the body of another protocol if there is one', () => {
    const bodyOf = ({ message }: { message: string }) => `<${message}>`;
    expect(errorResponse(new AppError('not_found'), { ...where, path: null, bodyOf }).body).toBe(
      '<Not found.>',
    );
  });
});

describe('a path', () => {
  test.each([
    ['plain', 'plain'],
    ['a%20b%2Fc', 'a b/c'],
    ['%C3%BC', 'ü'],
    ['', ''],
  ])('%j is decoded to %j', (segment, decoded) => {
    expect(decodePathSegment(segment)).toBe(decoded);
  });

  test.each(['%', '%zz', '%E0%A4', 'a%'])('%j with a malformed escape sequence is rejected', (segment) => {
    expect(() => decodePathSegment(segment)).toThrow(
      expect.objectContaining({ reason: 'invalid_input', message: 'The path cannot be decoded.' }),
    );
  });
});

describe('JSON', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('of a body and of a parameter is parsed', () => {
    expect(parseJsonBody(bytes('{"a":"ü"}'))).toEqual({ a: 'ü' });
    expect(parseJsonParameter('input', '[1]')).toEqual([1]);
  });

  test.each([
    ['nothing', undefined],
    ['no JSON', bytes('{')],
    ['another encoding than UTF-8', new Uint8Array([0x22, 0xfc, 0x22])],
  ])('is rejected if the body has %s', (_, body) => {
    expect(() => parseJsonBody(body)).toThrow(
      expect.objectContaining({ reason: 'invalid_input', message: 'The body is not valid JSON in UTF-8.' }),
    );
  });

  test('is rejected with the name of the parameter', () => {
    expect(() => parseJsonParameter('input', '{')).toThrow(
      expect.objectContaining({
        reason: 'invalid_input',
        message: 'The parameter input is not valid JSON.',
      }),
    );
  });
});
