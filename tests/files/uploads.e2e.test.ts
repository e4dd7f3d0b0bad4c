import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScriptClient, errorData, withProgress } from '#client/node.ts';
import { uploads } from '#server/files/product-buckets.ts';
import { cookieNameOf } from '#server/http/cookie.ts';
import { sessionCookie } from '#server/http/session-cookie.ts';
import { TestBrowser } from '#tests/identity/browser.ts';
import { send } from '#tests/identity/send.ts';
import { readError } from '#tests/support/call.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { type S3Server, startS3 } from '#tests/support/s3.ts';
import { sharedBrowser } from '#tests/support/shared.ts';
import { testWith } from '#tests/support/skip.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { png, pngOf } from './pictures.ts';
import { formOf } from './support.ts';

type Running = { product: Product; provider: IdentityProvider; dataDir: string; cookie: string };

/** Starts a product, and signs a user in. */
async function start(settings: Record<string, string>): Promise<Running> {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-uploads-'));
  const provider = await startIdentityProvider({ siteUrl: `http://localhost:${port}` });
  const product = await startProduct({
    PORT: String(port),
    DATA_DIR: dataDir,
    ...provider.env,
    ...settings,
  });
  const browser = new TestBrowser(product.baseUrl, send);
  await browser.signIn('ada');
  const name = cookieNameOf(sessionCookie, product.baseUrl);
  const running = { product, provider, dataDir, cookie: `${name}=${browser.cookie(name)}` };
  started.push(running);
  return running;
}

let s3: S3Server;
const started: Running[] = [];
let inFolder: Running;
let inStorage: Running;

beforeAll(async () => {
  s3 = await startS3();
  [inFolder, inStorage] = await Promise.all([start({}), start(s3.env)]);
}, 120_000);
afterAll(async () => {
  for (const { product, provider, dataDir } of started) {
    await product.close();
    await provider.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  await s3.close();
});

const contentsOf = ({ dataDir }: Running) =>
  readdirSync(join(dataDir, 'files'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );

describe.each([
  ['in a folder', () => inFolder],
  ['in an object storage', () => inStorage],
])('%s', (_, running) => {
  const clientOf = () =>
    createScriptClient({
      baseUrl: running().product.baseUrl,
      headers: () => ({ cookie: running().cookie }),
    });
  const get = (url: string) =>
    fetch(running().product.baseUrl + url, { headers: { cookie: running().cookie } });

  test('the typed client sends a form and reports the progress, and the file comes back', async () => {
    const api = clientOf();
    const content = pngOf(3_000_000);
    const seen: { loaded: number; total: number }[] = [];
    const file = await api.file.upload.mutate(
      formOf(content, 'holiday.png'),
      withProgress((progress) => seen.push(progress)),
    );
    expect(file).toMatchObject({ name: 'holiday.png', mediaType: 'image/png', bytes: content.length });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.map(({ loaded }) => loaded)).toEqual(seen.map(({ loaded }) => loaded).sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual({ loaded: content.length, total: content.length });

    expect((await api.file.list.query({})).files).toEqual([file]);
    const response = await get(file.url);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="holiday.png"');
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    await api.file.remove.mutate({ id: file.id });
    expect((await get(file.url)).status).toBe(404);
  });

  test('the typed client sends a file without a form, under its name', async () => {
    const api = clientOf();
    const file = await api.file.upload.mutate(new File([png], 'Fête 東京.png'));
    expect(file.name).toBe('Fête 東京.png');
    await api.file.remove.mutate({ id: file.id });
    const bytes = await api.file.upload.mutate(new Uint8Array(png));
    expect(bytes.name).toBe('file.png');
    await api.file.remove.mutate({ id: bytes.id });
  });

  test('an upload that its client ends in the middle leaves nothing behind', async () => {
    const api = clientOf();
    const controller = new AbortController();
    const uploading = api.file.upload.mutate(formOf(pngOf(uploads.maxBytes)), {
      signal: controller.signal,
      ...withProgress(({ loaded }) => {
        if (loaded > 1_000_000) controller.abort();
      }),
    });
    await expect(uploading).rejects.toThrow();
    await expect.poll(() => contentsOf(running()), { timeout: 10_000 }).toEqual([]);
    expect((await api.file.list.query({})).files).toEqual([]);
    expect(running().product.log()).not.toContain('call failed');
  });

  test('an error has its reason', async () => {
    const failed = clientOf().file.upload.mutate(formOf('<!doctype html>', 'page.html', 'text/html'));
    const error = await failed.catch((thrown: unknown) => thrown);
    expect(errorData(error)).toMatchObject({ reason: 'unsupported_media_type', httpStatus: 415 });
  });

  test('a body of unknown length is cut off at the limit', async () => {
    const outgoing = request(`${running().product.baseUrl}/api/trpc/file.upload`, {
      method: 'POST',
      headers: { cookie: running().cookie, 'content-type': 'application/octet-stream' },
    });
    outgoing.on('error', () => {});
    outgoing.write(pngOf(uploads.maxBytes));
    outgoing.write('x');
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    if (!response) throw new Error('no response');
    const { data } = readError(await json(response));
    outgoing.destroy();
    expect([response.statusCode, data.reason]).toEqual([413, 'payload_too_large']);
    expect(contentsOf(running())).toEqual([]);
  });
});

testWith('chromium')('a page uploads with progress, and can end an upload', async () => {
  const { product, cookie } = inFolder;
  const browser = await sharedBrowser();
  const context = await browser.newContext();
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url: product.baseUrl }]);
  const page = await context.newPage();
  await page.goto(product.baseUrl);
  const source = stripTypeScriptTypes(readFileSync('client/xhr.ts', 'utf8'))
    .replace(/^import .*$/m, '')
    .replace('export const fetchByXhr', 'globalThis.fetchByXhr');
  await page.evaluate(source);
  const result: unknown = await page.evaluate(`(async () => {
    const form = new FormData();
    form.append('file', new File([new Uint8Array(${png.length}).fill(0).map((_, i) => ${JSON.stringify([...png])}[i]), new Uint8Array(2_000_000)], 'a.png'));
    const seen = [];
    const response = await fetchByXhr((progress) => seen.push(progress))('/api/trpc/file.upload', { method: 'POST', body: form, headers: {} });
    const { result } = await response.json();
    const controller = new AbortController();
    const ended = fetchByXhr(() => controller.abort())('/api/trpc/file.upload', { method: 'POST', body: form, signal: controller.signal });
    return { id: result.data.json.id, last: seen.at(-1), ended: await ended.catch((error) => error.name) };
  })()`);
  await context.close();
  expect(result).toMatchObject({ last: { loaded: expect.any(Number) }, ended: 'AbortError' });
  const { id, last } = result as { id: string; last: { loaded: number; total: number } };
  expect(last.loaded).toBe(last.total);
  expect(last.total).toBeGreaterThan(2_000_000);
  const api = createScriptClient({ baseUrl: product.baseUrl, headers: () => ({ cookie }) });
  await api.file.remove.mutate({ id });
});

test('the typed client uploads to the object storage, and downloads come from it', async () => {
  const { product, cookie } = inStorage;
  const api = createScriptClient({ baseUrl: product.baseUrl, headers: () => ({ cookie }) });
  const { direct } = await api.file.beginUpload.mutate({
    name: 'direct.png',
    bytes: png.length,
    mediaType: 'image/png',
  });
  if (!direct) throw new Error('no direct upload');
  expect(direct).toMatchObject({ headers: { 'content-type': 'image/png' }, expiresIn: 600 });
  const sent = await fetch(direct.url, { method: 'PUT', headers: direct.headers, body: png });
  expect(sent.status).toBe(200);
  const file = await api.file.completeUpload.mutate({ id: direct.id });
  expect(file).toMatchObject({ name: 'direct.png', bytes: png.length });

  const response = await fetch(product.baseUrl + file.url, { headers: { cookie }, redirect: 'manual' });
  const location = response.headers.get('location') ?? '';
  expect(response.status).toBe(302);
  expect(location.startsWith(new URL(s3.env.BUCKETS_URL).origin)).toBe(true);
  const content = await fetch(location);
  expect(content.headers.get('content-disposition')).toBe('attachment; filename="direct.png"');
  expect(Buffer.from(await content.arrayBuffer())).toEqual(png);
  // A page may upload there.
  const page = await fetch(`${product.baseUrl}/sign-in`);
  expect(page.headers.get('content-security-policy')).toContain(
    `connect-src 'self' ${new URL(s3.env.BUCKETS_URL).origin}`,
  );
  expect(product.log()).not.toContain(new URL(location).searchParams.get('X-Amz-Signature'));
  await api.file.remove.mutate({ id: file.id });
});
