import { describe, expect, test } from 'vitest';
import { defineBucket } from '#server/files/define-bucket.ts';
import { detectMediaType } from '#server/files/media-type.ts';
import { png } from './pictures.ts';

const typeOf = async (content: string | Uint8Array, { isText = true, declaredType = '' } = {}) => {
  const head = typeof content === 'string' ? Buffer.from(content) : content;
  return (await detectMediaType({ head, isText, declaredType })).mediaType;
};

describe('the content decides', () => {
  test('a picture is a picture, whatever its client declares', async () => {
    expect(await typeOf(png, { isText: false, declaredType: 'text/plain' })).toBe('image/png');
  });

  test.each([
    '<!DOCTYPE html><p>Hello',
    '\ufeff \n <HTML>',
    '<script>alert(1)</script>',
    '<!-- --><script>',
    '<svg onload=alert(1)>',
    '<iframe src=x>',
  ])('%j is HTML, although it is declared as a picture', async (content) => {
    expect(await typeOf(content, { declaredType: 'image/png' })).toBe('text/html');
  });

  test('an SVG picture and other XML are XML', async () => {
    const svg =
      '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    expect(await typeOf(svg, { declaredType: 'image/svg+xml' })).toBe('application/xml');
  });

  test('text is what its client declares, if that is a type of text', async () => {
    expect(await typeOf('a,b\n1,2', { declaredType: 'text/csv' })).toBe('text/csv');
    expect(await typeOf('{}', { declaredType: 'application/json' })).toBe('application/json');
    expect(await typeOf('alert(1)', { declaredType: 'text/javascript' })).toBe('text/plain');
    expect(await typeOf('hello')).toBe('text/plain');
  });

  test('bytes without a signature are bytes', async () => {
    expect(await typeOf(new Uint8Array([0, 1, 2, 3]), { isText: false, declaredType: 'text/plain' })).toBe(
      'application/octet-stream',
    );
  });

  test.each([...Array(300).keys()])(
    'a signature that is cut off after %i bytes does not fail',
    async (length) => {
      await expect(typeOf(png.subarray(0, length), { isText: false })).resolves.toMatch(/^[a-z]+\/[\w.+-]+$/);
    },
  );
});

describe('defineBucket', () => {
  const valid = { name: 'invoices', mediaTypes: ['application/pdf'], maxBytes: 1_000, maxFiles: 10 };

  test('files belong to their owner unless it says otherwise', () => {
    expect(defineBucket(valid)).toEqual({ ...valid, visibility: 'owner', direct: false });
  });

  test.each([
    { name: '../up' },
    { name: '.incoming' },
    { name: 'Invoices' },
    { name: '' },
    { mediaTypes: [] },
    { mediaTypes: ['text/html'] },
    { mediaTypes: ['image/svg+xml'] },
    { mediaTypes: ['image/*'] },
    { maxBytes: 0 },
    { maxBytes: Number.POSITIVE_INFINITY },
    { maxFiles: 0 },
  ])('%j is rejected', (options) => {
    expect(() => defineBucket({ ...valid, ...options })).toThrow();
  });
});
