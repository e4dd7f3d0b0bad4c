import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { fieldErrorsFrom } from '#server/lib/field-errors.ts';
import { readFields } from '#server/lib/form-fields.ts';

function formOf(...entries: [name: string, value: string | File][]): FormData {
  const form = new FormData();
  for (const [name, value] of entries) form.append(name, value);
  return form;
}

const file = new File(['x'], 'cv.pdf', { type: 'application/pdf' });

describe('a form', () => {
  test('has the values of its text fields, without empty ones', () => {
    const form = formOf(['email', 'a@b.example'], ['name', ''], ['__proto__', 'x']);
    const read = readFields(form);
    expect(read).toMatchObject({ ok: true });
    expect(read.ok && Object.entries(read.fields)).toEqual([
      ['email', 'a@b.example'],
      ['__proto__', 'x'],
    ]);
  });

  test('may have a file input without a file', () => {
    expect(readFields(formOf(['cv', new File([], '')]))).toEqual({ ok: true, fields: {} });
  });

  test.each([
    ['a file', [['cv', file]], { cv: ['Files are not accepted'] }],
    ['an empty file', [['cv', new File([], 'cv.pdf')]], { cv: ['Files are not accepted'] }],
    ['a file without a name', [['cv', new File(['x'], '')]], { cv: ['Files are not accepted'] }],
    ['a file under the name of a text field', [['name', file]], { name: ['Files are not accepted'] }],
    [
      'two values of one field',
      [
        ['name', 'Ada'],
        ['name', 'Bob'],
      ],
      { name: ['Only one value is accepted'] },
    ],
    [
      'several faults',
      [
        ['cv', file],
        ['cv', file],
        ['a', 'x'],
        ['a', 'x'],
      ],
      { cv: ['Files are not accepted'], a: ['Only one value is accepted'] },
    ],
  ] satisfies [string, [string, string | File][], object][])(
    'with %s is invalid',
    (_, entries, fieldErrors) => {
      expect(readFields(formOf(...entries))).toEqual({ ok: false, fieldErrors });
    },
  );
});

test('an error response names a bounded number of fields', () => {
  const many = Array.from({ length: 10_000 }, (_, index): [string, string] => [`f${index}`, 'Unknown field']);
  expect(Object.keys(fieldErrorsFrom(many))).toHaveLength(limits.fieldErrors);
});
