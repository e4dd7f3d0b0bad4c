import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldErrorsOf } from '#server/lib/field-errors.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { draft } from './support.ts';

const input = procedures.get('email.send')?.input;

function parse(fields: Record<string, unknown>) {
  const result = input?.safeParse({ ...draft, ...fields });
  if (!result) throw new Error('email.send does not exist');
  return result.success ? { ok: result.data } : { fieldErrors: fieldErrorsOf(result.error) };
}

test.each([
  ['contents', ' a\r\nb\rc\u0000\u0007\n\td ', 'a\nb\nc\n\td'],
  ['name', ' Ada\r\n\u202eLovelace\u0000 ', 'Ada Lovelace'],
  ['subject', 'Re:\t\u2066a\u2028b', 'Re: a b'],
])('%s loses control characters and direction overrides', (field, value, cleaned) => {
  expect(parse({ [field]: value })).toMatchObject({ ok: { [field]: cleaned } });
});

// PostgreSQL's text cannot contain NUL, and UTF-8 cannot encode lone surrogates.
test('accepted input can be stored in any database', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 90 });
  fc.assert(
    fc.property(text, text, text, (name, subject, contents) => {
      const { ok, fieldErrors } = parse({ name, subject, contents: `x${contents}` });
      expect(fieldErrors).toBeUndefined();
      const stored = JSON.stringify(ok);
      expect(stored).not.toContain('\\u0000');
      expect(stored).not.toMatch(/\\ud[89a-f]/);
    }),
  );
});

describe('address', () => {
  const domain = 'example.org';
  test.each([
    [`${'a'.repeat(64)}@${domain}`, true],
    [`${'a'.repeat(65)}@${domain}`, false],
    [`a@${'b.'.repeat(120)}example.org`, true],
    [`a@${'b.'.repeat(121)}example.org`, false],
    ['not an address', false],
    ['a@b@example.org', false],
    ['ada@example.org\r\nBcc: x@example.org', false],
    ['', false],
  ])('%s is accepted: %s', (email, accepted) => {
    const { fieldErrors } = parse({ email });
    expect(fieldErrors === undefined).toBe(accepted);
    if (fieldErrors) expect(Object.keys(fieldErrors)).toEqual(['email']);
  });

  test('an invalid address gets one error message', () => {
    expect(parse({ email: `${'a'.repeat(65)}` })).toEqual({
      fieldErrors: { email: ['Please enter an email address like name@example.org'] },
    });
  });
});

test.each([
  ['', false],
  ['\u0000', false],
  ['x', true],
  ['x'.repeat(5_000), true],
  ['x'.repeat(5_001), false],
])('contents of %j are accepted: %s', (contents, accepted) => {
  expect('ok' in parse({ contents })).toBe(accepted);
});
