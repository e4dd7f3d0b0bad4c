import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emailAddress } from '#server/lib/email-address.ts';

const schema = emailAddress('wrong');
const parse = (address: unknown) => schema.safeParse(address);

describe('an address that a browser accepts in <input type="email">', () => {
  test.each([
    'ivan@xn--e1afmkfd.xn--p1ai',
    'info@xn--fsq.xn--fiqs8s',
    'first&last@example.org',
    'a/b=c@example.org',
    'user!x%y@example.org',
    'user#1@example.org',
    "o'neil+tag_{x}|~^`$*?-.@example.org",
    'ana@localhost',
    'a..b.@example.org',
    'Ana@EXAMPLE.Org',
    'ana@1.example',
    'ana@192.0.2.1',
    `${'a'.repeat(64)}@example.org`,
    `ana@${'l'.repeat(63)}.example`,
  ])('is accepted and stays as it is: %s', (address) => {
    expect(parse(address)).toEqual({ success: true, data: address });
  });

  test.each([
    ['user@münchen.example', 'user@xn--mnchen-3ya.example'],
    ['user@MÜNCHEN.example', 'user@xn--mnchen-3ya.example'],
    ['user@mu\u0308nchen.example', 'user@xn--mnchen-3ya.example'],
    ['иван@пример.рф', undefined],
    ['ivan@пример.рф', 'ivan@xn--e1afmkfd.xn--p1ai'],
    ['info@例子。中国', 'info@xn--fsqu00a.xn--fiqs8s'],
    ['user@ｅｘａｍｐｌｅ.org', 'user@example.org'],
    ['user@straße.example', 'user@xn--strae-oqa.example'],
  ])('has an IDNA domain: %s becomes %s', (address, expected) => {
    expect(parse(address).data).toBe(expected);
  });
});

describe('an address is rejected', () => {
  test.each([
    '',
    'a',
    '@example.org',
    'a@',
    'a@b c',
    'a b@example.org',
    'a@example.org,b@example.org',
    'a@example.org\nBcc: x@example.org',
    'a@exämple.org\nBcc: x@example.org',
    'a@exä\nmple.org',
    'a@exä\tmple.org',
    'a@example.org\n',
    ' a@example.org',
    'a@b@example.org',
    'Ana <a@example.org>',
    '<a@example.org>',
    '"a b"@example.org',
    'a(x)@example.org',
    'josé@example.org',
    'a@[192.0.2.1]',
    'a@-b.org',
    'a@b-.org',
    'a@b_c.org',
    'a@example.org.',
    'a@example..org',
    'a@ä/b.org',
    'a@ä%2fb.org',
    'a@ä:25',
    'a@ä?b',
    'a@ä#b',
    'a@x@ä.org',
    'a@℀ä.org',
    'a@ä\u202e.org',
    'a@ä\u3000b.org',
    'a\u202e@example.org',
    'a\u0000@example.org',
    '=?utf-8?Q?a?=@example.org',
    `ana@${'l'.repeat(64)}.example`,
    `${'a'.repeat(65)}@example.org`,
    `a@${'b.'.repeat(121)}example.org`,
    `a@${'ä'.repeat(20_000)}.org`,
    undefined,
    null,
    7,
    ['a@example.org'],
  ])('%j', (address) => {
    const { error } = parse(address);
    expect(error?.issues.map(({ message }) => message)).toEqual(['wrong']);
  });
});

test('an accepted address is one word of ASCII with one @', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 });
  fc.assert(
    fc.property(text, text, fc.constantFrom('a', 'ä', ''), (local, domain, letter) => {
      const { data } = parse(`a${local}@${letter}${domain}.org`);
      if (data !== undefined) expect(data).toMatch(/^[!-?A-~]+@[!-?A-~]+$/);
    }),
    { numRuns: 2_000 },
  );
});
