import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { applyChange, recipes, stepsOf } from './recipe.ts';

test('the index lists every recipe', () => {
  const pages = readdirSync('docs/recipes').filter((file) => file !== 'README.md');
  expect(recipes().sort()).toEqual(pages.map((page) => `docs/recipes/${page}`).sort());
});

test('a page has steps: commands that change files, files, and changes of files', () => {
  const page = `
1. Add it:

   \`\`\`sh
   npm run new -- job export
   npm run check
   \`\`\`

   \`\`\`ts
   // server/a.ts
   if (a) {
     b();
   }
   \`\`\`

\`\`\`diff
// server/b.ts
-a
+b
\`\`\`

\`\`\`ts
example();
\`\`\`
`;
  expect(stepsOf(page)).toEqual([
    { kind: 'command', command: 'npm run new -- job export' },
    { kind: 'file', file: 'server/a.ts', text: 'if (a) {\n  b();\n}\n' },
    { kind: 'change', file: 'server/b.ts', lines: ['-a', '+b'] },
  ]);
});

test('a change replaces lines, and keeps what … stands for', () => {
  const text = "first\nlist = ['b', 'c'];\nlast\n";
  expect(applyChange(text, ['-list = […', "+list = ['a', …", ' last', '+more'])).toBe(
    "first\nlist = ['a', 'b', 'c'];\nlast\nmore\n",
  );
});

test.each([['-other'], ['-a'], [' a', '+b']])(
  'a change whose lines are not there once fails: %s',
  (...lines) => {
    expect(() => applyChange('a\na\n', lines)).toThrow(/found \d times/);
  },
);
