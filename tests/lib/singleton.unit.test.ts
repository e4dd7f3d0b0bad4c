import { expect, test, vi } from 'vitest';
import { defineSingleton } from '#server/lib/singleton.ts';

let names = 0;
function newName(): string {
  names += 1;
  return `test-${names}`;
}

test('the first get creates the value, and undefined is a value too', () => {
  const create = vi.fn(() => undefined);
  const singleton = defineSingleton(newName(), create);
  expect(create).not.toHaveBeenCalled();
  expect([singleton.get(), singleton.get()]).toEqual([undefined, undefined]);
  expect(create).toHaveBeenCalledTimes(1);
});

test('copies of a module share the value', async () => {
  const name = newName();
  const first = defineSingleton(name, () => ({ from: 'first' }));
  vi.resetModules();
  const copy = await import('#server/lib/singleton.ts');
  expect(copy.defineSingleton).not.toBe(defineSingleton);
  const second = copy.defineSingleton(name, () => ({ from: 'second' }));
  expect(second.get()).toEqual({ from: 'second' });
  expect(first.get()).toBe(second.get());
});

test('set replaces creation, but throws after a get or another set', () => {
  const preset = defineSingleton(newName(), () => 'created');
  preset.set('given');
  expect(preset.get()).toBe('given');
  expect(() => preset.set('again')).toThrow('already has a value');

  const used = defineSingleton(newName(), () => 'created');
  used.get();
  expect(() => used.set('given')).toThrow('already has a value');
});

test('a failed creation is repeated on the next get', () => {
  const create = vi.fn(() => 'created');
  create.mockImplementationOnce(() => {
    throw new Error('fails once');
  });
  const singleton = defineSingleton(newName(), create);
  expect(() => singleton.get()).toThrow('fails once');
  expect(singleton.get()).toBe('created');
});
