import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { customPages } from '#server/custom/pages.ts';
import { exitOf, launcher, nextCli, runNode } from '#tests/support/processes.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'typed-bff-start-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

describe('does not start', () => {
  test('on a port in use, and suggests another one', async () => {
    const server = createServer().listen(0);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const { code, output } = await exitOf(runNode([launcher, 'start'], { env: { PORT: String(port) } }));
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} is already in use`);
    expect(output).toContain(`PORT=${port + 1} npm start`);
    expect(output).not.toMatch(/^\s+at /m);
  });

  test('on an address that this machine does not have', async () => {
    const env = { PORT: String(await freePort()), HOST: '192.0.2.1' };
    const { code, output } = await exitOf(runNode([launcher, 'start'], { env }));
    expect(code).toBe(1);
    expect(output).toMatch(/^HOST is not an address of this machine/m);
    expect(output).not.toMatch(/^\s+at /m);
  });

  test('without a build, and prints the build command', async () => {
    const env = { PORT: String(await freePort()) };
    const { code, output } = await exitOf(runNode([launcher, 'start'], { env, cwd: await tempDir() }));
    expect(code).toBe(1);
    expect(output).toContain('npm run build');
    expect(output).not.toMatch(/^\s+at /m);
  });

  test('with a DATA_DIR that cannot be created', async () => {
    const folder = join(await tempDir(), 'file');
    await writeFile(folder, '');
    for (const path of ['/proc/1/typed-bff/data', join(folder, 'data')]) {
      const env = { PORT: String(await freePort()), DATA_DIR: path };
      const { code, output } = await exitOf(runNode([launcher, 'start'], { env }));
      expect(code).toBe(1);
      expect(output).toContain(`DATA_DIR: the folder ${path} cannot be created`);
      expect(output).not.toMatch(/^\s+at /m);
    }
  });

  test('with an unknown command', async () => {
    const { code, output } = await exitOf(runNode([launcher, 'serve']));
    expect(code).toBe(2);
    expect(output).toContain('dev|build|start');
  });

  const invalidSettings = [
    { env: { PORT: 'abc' }, names: ['PORT'], value: 'abc' },
    { env: { PORT: '70000' }, names: ['PORT'], value: '70000' },
    {
      env: { FIXTURE_READINGS_URL: 'nonsense-4711' },
      names: ['FIXTURE_READINGS_URL'],
      value: 'nonsense-4711',
    },
    { env: { FIXTURE_ITEMS_URL: 'ftp://host-4711/' }, names: ['FIXTURE_ITEMS_URL'], value: 'host-4711' },
    {
      env: { FEED_SOURCE_URL: 'javascript:hunter2()', SITE_URL: 'localhost:3000/hunter2' },
      names: ['FEED_SOURCE_URL', 'SITE_URL'],
      value: 'hunter2',
    },
    {
      env: { SITE_URL: 'https://user:hunter2@site.example' },
      names: ['SITE_URL'],
      value: 'hunter2',
    },
    {
      env: { SMTP_URL: 'smtp://user:hunter2@mail.example', MAIL_TO: '', MAIL_FROM: '' },
      names: ['SMTP_URL', 'MAIL_TO', 'MAIL_FROM'],
      value: 'hunter2',
    },
    { env: { SMTP_URL: 'https://user:hunter2@mail.example' }, names: ['SMTP_URL'], value: 'hunter2' },
    { env: { MAIL_TO: 'hunter2' }, names: ['MAIL_TO'], value: 'hunter2' },
    { env: { DEMO: 'hunter2' }, names: ['DEMO'], value: 'hunter2' },
  ].map((row) => ({ ...row, title: row.names.join(' and ') }));

  test.each(invalidSettings)(
    'npm start with an invalid $title, which the error names without its value',
    async (row) => {
      const env = { PORT: String(await freePort()), ...row.env };
      const { code, output } = await exitOf(runNode([launcher, 'start'], { env }));
      expect(code).toBe(1);
      for (const name of row.names) expect(output).toContain(name);
      expect(output).not.toContain(row.value);
      expect(output).not.toMatch(/^\s+at /m);
    },
  );

  test.each(invalidSettings.filter(({ names }) => /SITE_URL|MAIL_TO/.test(names.join())))(
    'next start with an invalid $title, which the error names without its value',
    async (row) => {
      const port = String(await freePort());
      const { code, output } = await exitOf(runNode([nextCli, 'start', '--port', port], { env: row.env }));
      expect(code).toBe(1);
      for (const name of row.names) expect(output).toContain(name);
      expect(output).not.toContain(row.value);
      expect(output).not.toMatch(/^\s+at /m);
    },
  );
});

describe('with one worker', () => {
  let product: Product;
  beforeAll(async () => {
    const empty = { SMTP_URL: '', MAIL_TO: ' ', SITE_URL: '', FIXTURE_ITEMS_URL: '' };
    product = await startProduct({
      ...empty,
      ALLOWED_HOST: 'hunter2',
      WEBHOOK_SECRETS: 'gone=hunter2-of-16-characters',
      HOST: '127.0.0.1',
    });
  });
  afterAll(() => product.close());

  test('misspelt settings, and secrets of unknown webhooks, are named without their values', () => {
    expect(product.log()).toContain('ALLOWED_HOST is not a setting. Is ALLOWED_HOSTS meant?');
    expect(product.log()).toContain('WEBHOOK_SECRETS has a secret for gone, but there is no such webhook.');
    expect(product.log()).not.toContain('hunter2');
  });

  test('empty settings count as unset', async () => {
    const llms = await (await fetch(`${product.baseUrl}/llms.txt`)).text();
    expect(llms).toContain(`${product.baseUrl}/api/trpc`);
  });

  test('only the address HOST is served', () => expectOnlyHost(product));

  test('SIGTERM shuts down with exit code 0', async () => {
    product.process.kill('SIGTERM');
    await once(product.process, 'exit');
    expect(product.process.exitCode).toBe(0);
  });
});

test('with two workers, only the address HOST is served', async () => {
  const product = await startProduct({ HOST: '127.0.0.1', WEB_CONCURRENCY: '2' });
  onTestFinished(() => product.close());
  await expectOnlyHost(product);
});

async function expectOnlyHost({ baseUrl }: Product): Promise<void> {
  const on = (host: string) => fetch(baseUrl.replace('localhost', host));
  expect((await on('127.0.0.1')).status).toBe(200);
  await expect(on('127.0.0.2')).rejects.toThrow();
  await expect(on('[::1]')).rejects.toThrow();
}

describe('without any reachable upstream', () => {
  let product: Product;

  beforeAll(async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    product = await startProduct({
      FIXTURE_READINGS_URL: url,
      FIXTURE_SEARCH_URL: url,
      FIXTURE_ITEMS_URL: url,
      FEED_SOURCE_URL: `${url}/feed`,
    });
  });
  afterAll(() => product.close());

  /** Returns the HTML visible without JavaScript: the parts that React hides until a script runs are removed. */
  function visibleWithoutScripts(html: string): string {
    return html.replace(/<script\b[\s\S]*?<\/script>/g, '').replace(/<div hidden="" id="S:[\s\S]*$/, '');
  }

  test.each(['/', '/contact', '/proxy', '/status', '/inbox', ...customPages.map(({ path }) => path)])(
    '%s is served',
    async (path) => {
      const response = await fetch(`${product.baseUrl}${path}`);
      expect(response.status).toBe(200);
      expect(visibleWithoutScripts(await response.text())).toMatch(/<h1[^>]*>[^<]/);
    },
  );
});
