import { describe, expect, test } from 'vitest';
import { createKeyring } from '#server/identity/keyring.ts';

const [oldSecret, newSecret] = ['old secret of a session '.repeat(2), 'new secret of a session '.repeat(2)];
const keyring = createKeyring([newSecret, oldSecret]);

describe('a sealed text', () => {
  test('can be opened at its place, and does not contain the text', () => {
    const sealed = keyring.seal('a token', 'table column row');
    expect(sealed).not.toContain(Buffer.from('a token').toString('base64url'));
    expect(keyring.open(sealed, 'table column row')).toBe('a token');
    expect(keyring.seal('a token', 'table column row')).not.toBe(sealed);
  });

  test('cannot be opened at another place, with another secret, or after any change', () => {
    const sealed = keyring.seal('a token', 'table column row');
    expect(keyring.open(sealed, 'table column other')).toBeUndefined();
    expect(createKeyring([oldSecret]).open(sealed, 'table column row')).toBeUndefined();
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = `${sealed.slice(0, index)}${sealed[index] === 'A' ? 'B' : 'A'}${sealed.slice(index + 1)}`;
      const opened = keyring.open(changed, 'table column row');
      // The last character of base64url has unused bits.
      expect([undefined, ...(index === sealed.length - 1 ? ['a token'] : [])]).toContain(opened);
    }
  });

  test.each(['', '.', 'x', 'x.y', `${'a'.repeat(8)}.`, '🔑.🔑'])('%j is none', (text) => {
    expect(keyring.open(text, 'place')).toBeUndefined();
  });

  test('of an older secret can still be opened; new ones use the first secret', () => {
    const sealed = createKeyring([oldSecret]).seal('a token', 'place');
    expect(keyring.open(sealed, 'place')).toBe('a token');
    expect(createKeyring([newSecret]).open(keyring.seal('a token', 'place'), 'place')).toBe('a token');
  });
});

describe('a tag', () => {
  test('belongs to its text alone', () => {
    const tag = keyring.tag('text');
    expect(tag).toMatch(/^[\w-]{11}$/);
    expect(keyring.hasTag('text', tag)).toBe(true);
    expect(keyring.hasTag('other', tag)).toBe(false);
    expect(keyring.hasTag('text', '')).toBe(false);
    expect(keyring.hasTag('text', `${tag}AAAA`)).toBe(false);
  });

  test('of an older secret is still valid, that of an unknown one is not', () => {
    expect(keyring.hasTag('text', createKeyring([oldSecret]).tag('text'))).toBe(true);
    expect(keyring.hasTag('text', createKeyring(['another secret '.repeat(3)]).tag('text'))).toBe(false);
  });
});
