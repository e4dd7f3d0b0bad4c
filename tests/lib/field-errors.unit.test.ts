import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { fieldErrorsFrom, fieldErrorsOf } from '#server/lib/field-errors.ts';

const schema = z.strictObject({
  name: z.string('must be a text'),
  list: z.array(z.strictObject({ size: z.number('must be a number') })).optional(),
});

function errorsOf(value: unknown, ...prefix: string[]) {
  const { error } = schema.safeParse(value);
  if (!error) throw new Error('the value is valid');
  return fieldErrorsOf(error, ...prefix);
}

describe('the errors of an input', () => {
  test('have the path of their field', () => {
    expect(errorsOf({ list: [{ size: 1 }, { size: 'x' }] })).toEqual({
      name: ['must be a text'],
      'list.1.size': ['must be a number'],
    });
  });

  test('name each unknown field, also within the input', () => {
    expect(errorsOf({ name: 'a', more: 1, other: 2, list: [{ size: 1, colour: 'red' }] })).toEqual({
      'list.0.colour': ['Unknown field'],
      more: ['Unknown field'],
      other: ['Unknown field'],
    });
  });

  test('about the whole input have the name input', () => {
    expect(Object.keys(errorsOf('no object'))).toEqual(['input']);
  });

  test('of a part have the path of the part', () => {
    expect(errorsOf({ more: 1 }, 'params', 'body')).toEqual({
      'params.body.name': ['must be a text'],
      'params.body.more': ['Unknown field'],
    });
    expect(Object.keys(errorsOf('no object', 'params'))).toEqual(['params']);
  });
});

test('a field has each of its messages once, in the order of the faults', () => {
  expect(
    fieldErrorsFrom([
      ['a', 'second'],
      ['b', 'other'],
      ['a', 'first'],
      ['a', 'second'],
    ]),
  ).toEqual({ a: ['second', 'first'], b: ['other'] });
});

test('the first fields are named, up to the limit', () => {
  const many = Array.from({ length: limits.fieldErrors + 1 }, (_, at): [string, string] => [`f${at}`, 'x']);
  const named = Object.keys(fieldErrorsFrom(many));
  expect(named).toHaveLength(limits.fieldErrors);
  expect(named.at(-1)).toBe(`f${limits.fieldErrors - 1}`);
});
