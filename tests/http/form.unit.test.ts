import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { readForm } from '#server/http/form.ts';

const siteUrl = 'https://bff.example.org';
const urlEncoded = 'application/x-www-form-urlencoded';

const read = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  readForm(new Request(`${siteUrl}/contact/send`, { method: 'POST', body, headers }), {
    siteUrl,
    fields: ['email', 'contents'],
  });

/** Returns a URL-encoded form of this many bytes. */
const formOf = (bytes: number) => `contents=${'a'.repeat(bytes - 'contents='.length)}`;

describe('a form', () => {
  test('is read as it is posted, URL-encoded or multipart, without empty fields', async () => {
    const form = new FormData();
    form.set('email', 'ada@visitor.example');
    form.set('contents', '');
    expect(await read(form)).toEqual({ email: 'ada@visitor.example' });
    expect(await read('email=ada%40visitor.example&contents=a+b', { 'content-type': urlEncoded })).toEqual({
      email: 'ada@visitor.example',
      contents: 'a b',
    });
  });

  test('may have no fields at all', async () => {
    expect(await read(null, { 'content-type': urlEncoded })).toEqual({});
  });

  test.each([
    ['its own origin', { origin: siteUrl, 'sec-fetch-site': 'same-origin' }],
    [
      'a media type in other letters and with parameters',
      { 'content-type': 'Application/X-WWW-Form-URLEncoded; charset=utf-8' },
    ],
  ])('with %s is accepted', async (_, headers) => {
    expect(await read('contents=a', { 'content-type': urlEncoded, ...headers })).toEqual({ contents: 'a' });
  });

  test('of exactly the limit is accepted', async () => {
    const { contents } = await read(formOf(limits.formBodyBytes), { 'content-type': urlEncoded });
    expect(contents).toHaveLength(limits.formBodyBytes - 'contents='.length);
  });
});

describe('a form is rejected', () => {
  test.each([
    ['from another site', 'contents=a', { origin: 'https://evil.example' }, { reason: 'cross_origin' }],
    [
      'of another media type',
      'contents=a',
      { 'content-type': 'text/plain' },
      { reason: 'unsupported_media_type', message: 'Send a form.' },
    ],
    [
      'of one byte more than the limit',
      formOf(limits.formBodyBytes + 1),
      {},
      { reason: 'payload_too_large' },
    ],
    [
      'that is malformed',
      'no form',
      { 'content-type': 'multipart/form-data; boundary=b' },
      { reason: 'invalid_input', message: 'The form is malformed.' },
    ],
    [
      'with a field twice',
      'email=a&email=b',
      {},
      { reason: 'invalid_input', fieldErrors: { email: ['Only one value is accepted'] } },
    ],
    [
      'with unknown fields',
      'email=a&more=b&other=c',
      {},
      { reason: 'invalid_input', fieldErrors: { more: ['Unknown field'], other: ['Unknown field'] } },
    ],
  ])('%s', async (_, body, headers, expected) => {
    await expect(read(body, { 'content-type': urlEncoded, ...headers })).rejects.toMatchObject(expected);
  });

  test('without a media type', async () => {
    const body = new Uint8Array([1]);
    await expect(read(body)).rejects.toMatchObject({ reason: 'unsupported_media_type' });
  });
});
