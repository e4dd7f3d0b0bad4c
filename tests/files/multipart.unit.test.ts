import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError, isAppError } from '#server/errors.ts';
import { readFormFile } from '#server/http/multipart.ts';

const type = 'multipart/form-data; boundary=x';
const crlf = (text: string) => text.replaceAll('\n', '\r\n');
const part = (name: string, fileName: string | null, content: string, contentType = 'text/plain') =>
  crlf(
    `--x\nContent-Disposition: form-data; name="${name}"${fileName === null ? '' : `; filename="${fileName}"`}\nContent-Type: ${contentType}\n\n${content}\n`,
  );
const end = '--x--\r\n';

async function* chunked(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function read(body: string | AsyncIterable<Uint8Array>, contentType = type) {
  const source = typeof body === 'string' ? chunked(body) : body;
  const file = await readFormFile(source, contentType);
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.chunks) chunks.push(chunk);
  return { name: file.name, mediaType: file.mediaType, content: Buffer.concat(chunks).toString() };
}

async function failureOf(reading: Promise<unknown>) {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAppError(error)) throw new Error(`no AppError: ${String(error)}`);
  return { reason: error.reason, message: error.message, fieldErrors: error.fieldErrors };
}

test('the file of a form is read as it arrives', async () => {
  const content = 'one\n--y is not the boundary\n-\n--\ntwo';
  expect(await read(part('file', 'notes.txt', content) + end)).toEqual({
    name: 'notes.txt',
    mediaType: 'text/plain',
    content: crlf(content),
  });
});

test('a name may have any characters', async () => {
  const { name } = await read(part('file', 'Fête 東京 “x”.txt', 'content') + end);
  expect(name).toBe('Fête 東京 “x”.txt');
});

describe('a form is rejected', () => {
  test.each([
    ['without a boundary', 'multipart/form-data'],
    ['with an empty boundary', 'multipart/form-data; boundary='],
    ['with a boundary of 10,000 bytes', `multipart/form-data; boundary=${'x'.repeat(10_000)}`],
    ['with characters that a boundary cannot have', 'multipart/form-data; boundary="\u00e9"'],
  ])('%s', async (_, contentType) => {
    expect(await failureOf(read(part('file', 'a.txt', 'a') + end, contentType))).toMatchObject({
      reason: 'invalid_input',
      message: 'The Content-Type has no valid boundary.',
    });
  });

  test.each([
    ['two files', part('file', 'a.txt', 'a') + part('file', 'b.txt', 'b') + end],
    ['ten thousand parts', part('file', 'a.txt', 'a').repeat(10_000) + end],
  ])('with %s', async (_, body) => {
    expect(await failureOf(read(body))).toMatchObject({
      reason: 'invalid_input',
      message: 'Send one file.',
    });
  });

  test.each([
    ['another file field', part('picture', 'a.txt', 'a') + end, { picture: ['This field is not known.'] }],
    ['a text field', part('title', null, 'a') + end, { title: ['This field is not known.'] }],
    [
      'a text field after the file',
      part('file', 'a.txt', 'a') + part('title', null, 'a') + end,
      { title: ['This field is not known.'] },
    ],
    ['a text instead of a file', part('file', null, 'a') + end, { file: ['Send a file, not a text.'] }],
    ['no part', end, { file: ['Send a file.'] }],
  ])('with %s', async (_, body, fieldErrors) => {
    expect(await failureOf(read(body))).toMatchObject({ reason: 'invalid_input', fieldErrors });
  });

  test.each([
    ['ends in the file', part('file', 'a.txt', 'content')],
    ['ends in a header', '--x\r\nContent-Dispo'],
    ['is empty', ''],
    ['is no form', 'hello'],
  ])('that %s', async (_, body) => {
    expect((await failureOf(read(body))).reason).toBe('invalid_input');
  });
});

test('a name of 100 KB is cut off', async () => {
  const { name = '', content } = await read(part('file', 'a'.repeat(100_000), 'content') + end);
  expect({ isShort: name.length <= limits.files.partHeaderBytes, content }).toEqual({
    isShort: true,
    content: 'content',
  });
});

test('an error of the body reaches the reader of the file', async () => {
  const broken = (async function* () {
    yield Buffer.from(part('file', 'a.txt', 'content'));
    throw new Error('cut off');
  })();
  expect((await failureOf(read(broken))).reason).toBe('invalid_input');
});

test('an error of the body after the last part reaches the reader of the file', async () => {
  const broken = (async function* () {
    yield Buffer.from(part('file', 'a.txt', 'content') + end);
    await new Promise((resolve) => setTimeout(resolve));
    yield Buffer.from('epilogue');
    await new Promise((resolve) => setTimeout(resolve));
    throw new AppError('session_ended');
  })();
  expect((await failureOf(read(broken))).reason).toBe('session_ended');
});

test('a reader that stops ends the body', async () => {
  let isReleased = false;
  const endless = (async function* () {
    try {
      yield Buffer.from(part('file', 'a.txt', 'content'));
      for (;;) yield Buffer.alloc(1024);
    } finally {
      isReleased = true;
    }
  })();
  const file = await readFormFile(endless, type);
  for await (const _ of file.chunks) break;
  await expect.poll(() => isReleased).toBe(true);
});

test('a file that nobody reads holds the body back', async () => {
  let sent = 0;
  const endless = (async function* () {
    yield Buffer.from(part('file', 'a.txt', 'content'));
    for (; sent < 1_000; sent += 1) yield Buffer.alloc(64 * 1024);
  })();
  const file = await readFormFile(endless, type);
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(sent).toBeLessThan(50);
  for await (const _ of file.chunks) break;
});
