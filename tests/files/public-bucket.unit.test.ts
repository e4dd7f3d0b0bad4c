import { afterAll, beforeAll, expect, test } from 'vitest';
import { customBuckets } from '#server/custom/buckets.ts';
import { defineBucket } from '#server/files/define-bucket.ts';
import type { StoredFile } from '#server/files/file-service.ts';
import { services } from '#server/services.ts';
import { newBrowser, withIdentity } from '#tests/identity/in-process.ts';
import { png } from './pictures.ts';
import { addUser, incoming } from './service.ts';

const logos = defineBucket({
  name: 'logos-of-a-test',
  mediaTypes: ['image/png'],
  maxBytes: 1_000,
  maxFiles: 10,
  visibility: 'public',
});

const identity = withIdentity();
let file: StoredFile;

beforeAll(async () => {
  // As in a file of a team.
  Array.prototype.push.call(customBuckets, logos);
  await addUser(await identity.database(), 'ada');
  const { signal } = new AbortController();
  file = await services().files.store(logos, { userId: 'ada', file: incoming(png, 'logo.png'), signal });
});
afterAll(() => {
  Array.prototype.pop.call(customBuckets);
});

test('anyone can download a file of a public bucket, and caches may keep it', async () => {
  const response = await newBrowser().request(`/api/files/${file.id}/logo.png`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('public, max-age=300, no-transform');
  expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="logo.png"');
  expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
});

test('it is gone for everyone once it is deleted', async () => {
  expect(await services().files.remove('ada', file.id)).toBe(true);
  expect((await newBrowser().request(`/api/files/${file.id}/logo.png`)).status).toBe(401);
});

test('a bucket that is not listed is a defect', async () => {
  const other = defineBucket({ ...logos, name: 'not-listed' });
  const storing = services().files.store(other, {
    userId: 'ada',
    file: incoming(png),
    signal: new AbortController().signal,
  });
  await expect(storing).rejects.toMatchObject({ cause: { message: expect.stringContaining('not-listed') } });
});
