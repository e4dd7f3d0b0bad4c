import { describe, expect, test } from 'vitest';
import { productNameOf, productTitleOf, renamed } from '#server/bin/init/names.ts';

describe('the name of a product', () => {
  test.each(['acme', 'order-desk', 'a1'])('can be %s', (name) => expect(productNameOf(name)).toBe(name));

  test.each(['', 'Acme', 'order_desk', 'order desk', '-a', 'a-', '1a', '../a', '@acme/desk', 'a'.repeat(41)])(
    'cannot be "%s"',
    (name) => expect(() => productNameOf(name)).toThrow('is not a name'),
  );

  test.each(['http', 'fs', 'node-modules', 'typed-bff'])('cannot be %s, which has another meaning', (name) =>
    expect(() => productNameOf(name)).toThrow('another meaning'),
  );
});

describe('the title', () => {
  test('is the name with a capital letter by default', () => {
    expect(productTitleOf('order-desk', undefined)).toBe('Order desk');
  });

  test.each(['Acme', 'Bücher 2.0', 'A + B'])('can be %s', (title) => {
    expect(productTitleOf('acme', title)).toBe(title);
  });

  test.each(['A & B', 'a"b', '<b>', "it's", '', ' a', 'a\nb', 'a`b`', 'a'.repeat(61)])(
    'cannot be %j, which would need an escape in HTML, XML or TypeScript, or is too long',
    (title) => expect(() => productTitleOf('acme', title)).toThrow('is not a title'),
  );
});

test('the old name is replaced in every spelling', () => {
  const old = 'typed-bff typed_bff TYPED_BFF Typed-bff typedbff "typed-bff.sqlite" TYPED-BFF typed-bff-tests';
  expect(renamed(old, 'order-desk')).toBe(
    'order-desk order_desk ORDER_DESK Order-desk orderdesk "order-desk.sqlite" ORDER-DESK order-desk-tests',
  );
  expect(renamed('a typed backend for frontend (BFF)', 'acme')).toBe('a typed backend for frontend (BFF)');
});
