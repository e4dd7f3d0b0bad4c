import { expect, test } from 'vitest';
import { storedToken } from '#client/sign-in.ts';

// The file of a sign-in over https has the same name.
test('a stored token is not given for a product at another machine without https', () => {
  expect(() => storedToken({ baseUrl: 'http://app.example' })).toThrow('Tokens need https');
  expect(() => storedToken({ baseUrl: 'http://127.0.0.1.app.example' })).toThrow('Tokens need https');
});

test.each(['https://app.example', 'http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])(
  'a stored token is given for %s',
  (baseUrl) => expect(storedToken({ baseUrl })).toBeTypeOf('function'),
);
