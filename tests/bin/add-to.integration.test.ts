import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addTo } from '#server/bin/add-to/add-to.ts';

const nextVersion = '16.4.3';

/** An application as create-next-app 16.4 writes it, without the style sheets, with route handlers of its own. */
function application(root: '' | 'src/', changes: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-add-to-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = {
    'package.json': JSON.stringify({
      name: 'shop',
      version: '0.1.0',
      private: true,
      scripts: { dev: 'next dev', build: 'next build', start: 'next start', lint: 'eslint' },
      dependencies: { next: nextVersion, react: '19.3.0', 'react-dom': '19.3.0' },
      devDependencies: { '@types/node': '^20', '@types/react': '^19', eslint: '^9', typescript: '^5' },
    }),
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'ES2017',
        lib: ['dom', 'dom.iterable', 'esnext'],
        allowJs: true,
        skipLibCheck: true,
        strict: true,
        noEmit: true,
        esModuleInterop: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        resolveJsonModule: true,
        isolatedModules: true,
        jsx: 'react-jsx',
        incremental: true,
        plugins: [{ name: 'next' }],
        paths: { '@/*': [`./${root}*`] },
      },
      include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts'],
      exclude: ['node_modules'],
    }),
    'next.config.ts':
      'import type { NextConfig } from "next";\n\nconst nextConfig: NextConfig = { cacheComponents: true };\n\nexport default nextConfig;\n',
    [`${root}app/layout.tsx`]:
      'export default function Layout({ children }: LayoutProps<"/">) {\n  return <html lang="en"><body>{children}</body></html>;\n}\n',
    [`${root}app/page.tsx`]:
      'import { Greeting } from "@/app/greeting";\n\nexport default function Page() {\n  return <Greeting />;\n}\n',
    [`${root}app/greeting.tsx`]: `"use client";

import { trpc } from "#client/trpc.ts";

export function Greeting() {
  const session = trpc.session.current.useQuery();
  // @ts-expect-error There is no such procedure.
  trpc.session.missing?.useQuery();
  const ways: number | undefined = session.data?.methods.length;
  return <p>{ways} ways to sign in</p>;
}
`,
    [`${root}app/api/hello/route.ts`]: 'export const POST = () => new Response("hello");\n',
    [`${root}app/api/users/[id]/route.ts`]: 'export const GET = () => new Response("user");\n',
    [`${root}app/robots.ts`]:
      'export default function robots() {\n  return { rules: { userAgent: "*" } };\n}\n',
    ...changes,
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function run(cwd: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}
const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');
const modules = join(process.cwd(), 'node_modules');

test('an application with src/ gets the product, and its types are clean', { timeout: 240_000 }, () => {
  const folder = application('src/');
  const output = addTo([folder]);
  for (const path of ['/api/hello', '/api/users/', '/robots.txt'])
    expect(output).toContain(`kept     ${path}:`);
  expect(existsSync(join(folder, 'src/app/api/trpc/[trpc]/route.ts'))).toBe(true);
  expect(existsSync(join(folder, 'src/instrumentation.ts'))).toBe(true);
  expect(existsSync(join(folder, 'app'))).toBe(false);
  const paths = read(folder, 'server/custom/next-paths.ts');
  for (const path of ['/api/hello', '/api/users/', '/robots.txt', '/sitemap.xml'])
    expect(paths).toContain(`  '${path}',\n`);
  for (const path of ['/healthz', '/mcp']) expect(paths).not.toContain(`'${path}'`);
  expect(read(folder, 'next.config.ts')).toContain('export default withBff(nextConfig);');

  symlinkSync(modules, join(folder, 'node_modules'));
  expect(run(folder, 'node_modules/next/dist/bin/next', 'typegen')).toMatchObject({ status: 0 });
  expect(run(folder, 'node_modules/typescript/bin/tsc', '--noEmit', '--incremental', 'false')).toEqual({
    status: 0,
    output: '',
  });
});

test('an application without src/ gets its packages and scripts next to its own', () => {
  const own = application('');
  const { name, dependencies, ...manifest } = JSON.parse(read(own, 'package.json'));
  const scripts = { ...manifest.scripts, build: 'next build && node after.js' };
  const zod = { ...dependencies, zod: '4.0.0', 'own-package': '1.0.0' };
  const folder = application('', {
    'package.json': JSON.stringify({ name, ...manifest, dependencies: zod, scripts }),
    'app/actions.ts': "'use server';\n\nexport async function act() {}\n",
  });
  const output = addTo([folder]);
  expect(existsSync(join(folder, 'app/api/trpc/[trpc]/route.ts'))).toBe(true);
  const merged = JSON.parse(read(folder, 'package.json'));
  const ours = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(Object.keys(merged)[0]).toBe('name');
  expect(merged).toMatchObject({
    name: 'shop',
    imports: { '#client/*': './client/*', '#server/*': './server/*' },
    scripts: { ...scripts, start: ours.scripts.start, 'bff:build': ours.scripts.build },
    dependencies: { 'own-package': '1.0.0', zod: ours.dependencies.zod, next: ours.dependencies.next },
    devDependencies: { eslint: '^9', typescript: '^5' },
  });
  // Only what the product's server and clients import.
  expect(merged.dependencies).not.toHaveProperty('tailwindcss');
  expect(output).toContain(
    `zod is now ${ours.dependencies.zod}, which the product is tested with; it was 4.0.0.`,
  );
  expect(output).toContain('app/actions.ts has Server Actions.');
});

test.each([
  ['a folder of the product', { 'server/own.ts': '' }, 'server exists already.'],
  ['a route of the product', { 'app/healthz/route.ts': '' }, 'app/healthz/route.ts'],
  ['an unknown configuration', { 'next.config.ts': 'export default {};\n' }, 'cannot be changed'],
  ['a configuration with comments', { 'tsconfig.json': '{ // comment\n}' }, 'is no JSON of the usual form'],
  ['an older Next', { 'package.json': '{"dependencies":{"next":"15.0.0"}}' }, 'upgrade it first'],
])('%s is rejected, and nothing is changed', (_name, changes, message) => {
  const folder = application('', changes);
  const before = read(folder, 'package.json');
  expect(() => addTo([folder])).toThrow(message);
  expect(read(folder, 'package.json')).toBe(before);
  expect(existsSync(join(folder, 'client'))).toBe(false);
});

test('a folder without an application is rejected', () => {
  expect(() => addTo([join(tmpdir(), 'no-such-folder')])).toThrow('package.json does not exist');
});
