import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createScriptClient } from '#client/node.ts';
import { limits } from '#server/config/limits.ts';
import { connectMcp, readToolError, readToolText } from '#tests/mcp/mcp-client.ts';
import { expectError, post, readError, resultOf } from '#tests/support/call.ts';
import { exitOf, runNode } from '#tests/support/processes.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';

const key = `bff_${'k'.repeat(43)}`;
const bearer = { authorization: `Bearer ${key}` };
const draft = { email: 'ada@visitor.example', contents: 'Please call me back' };
const receiptSchema = z.object({ id: z.string(), status: z.string() });

let smtp: TestSmtpServer;
let product: Product;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'typed-bff-suspected-'));
  smtp = await startSmtpServer();
  product = await startProduct({
    SMTP_URL: smtp.url,
    MAIL_TO: 'owner@site.example',
    MAIL_FROM: 'website@site.example',
    DEMO: '',
    DATA_DIR: dataDir,
    SERVICE_KEYS: `billing:${createHash('sha256').update(key).digest('hex')}:mail`,
  });
});
afterAll(async () => {
  await product.close();
  await smtp.close();
  await rm(dataDir, { recursive: true });
});

async function send(input: Record<string, unknown>, headers: Record<string, string> = {}) {
  return receiptSchema.parse(await resultOf(await post(product, 'email.send', input, headers)));
}

const statusOf = async (id: string) => (await createScriptClient(product).email.status.query({ id })).status;

function arrives(id: string): Promise<void> {
  return vi.waitFor(async () => expect(await statusOf(id)).toBe('sent'), { timeout: 15_000, interval: 20 });
}

const mailCommand = (...args: string[]) =>
  exitOf(runNode([resolve('server/bin/mail.ts'), ...args], { env: { DATA_DIR: dataDir, DATABASE_URL: '' } }));

describe('a mail that seems to come from a bot', () => {
  test.each([
    ['hidden_field', () => ({ leaveEmpty: 'https://spam.example' })],
    ['filled_too_fast', () => ({ shownAt: Date.now() })],
  ])('is held for the sender, and listed as suspected for the operator: %s', async (suspicion, signals) => {
    const { id, status } = await send({ ...draft, ...signals() });
    expect([status, await statusOf(id)]).toEqual(['held', 'held']);
    const api = createScriptClient({ ...product, headers: () => bearer });
    expect((await api.mail.list.query({ status: 'suspected' })).mails).toContainEqual(
      expect.objectContaining({ id, status: 'suspected', suspicion }),
    );
    expect(await api.mail.get.query({ id })).toMatchObject(draft);
  });

  test('is delivered once the operator releases it', async () => {
    const { id } = await send({ ...draft, leaveEmpty: 'x' });
    const listed = await mailCommand('list', '--status', 'suspected');
    expect(listed.output).toMatch(new RegExp(`^${id}  suspected .*hidden_field$`, 'm'));
    expect(await mailCommand('release', id)).toMatchObject({ code: 0 });
    await arrives(id);
    expect(await mailCommand('release', id)).toMatchObject({ code: 2 });
  }, 60_000);

  test('is deleted only by the operator', async () => {
    const { id } = await send({ ...draft, leaveEmpty: 'x' });
    expect(await mailCommand('discard', id, 'unknown')).toMatchObject({
      code: 2,
      output: expect.stringContaining(`${id} is deleted.\nMail unknown does not exist`),
    });
    await expect(statusOf(id)).rejects.toThrow('There is no mail with this id.');
  });

  test('is counted for the operator', async () => {
    await send({ ...draft, leaveEmpty: 'x' });
    const metrics = await (await fetch(`${product.baseUrl}/metrics`)).text();
    expect(metrics).toMatch(/^bff_mail_events_total\{event="suspected"\} [1-9]/m);
    expect(metrics).toMatch(/^bff_mails\{status="suspected"\} [1-9]/m);
  });
});

describe('a caller with a key', () => {
  test('is never taken for a bot', async () => {
    const { id, status } = await send({ ...draft, leaveEmpty: 'x', shownAt: Date.now() }, bearer);
    expect(status).toBe('queued');
    await arrives(id);
  });

  test('is offered no form fields as an agent', async () => {
    const client = await connectMcp(product, { era: '2026-07-28', headers: bearer });
    try {
      const { tools } = await client.listTools();
      const tool = tools.find(({ name }) => name === 'email_send');
      expect(Object.keys(tool?.inputSchema.properties ?? {}).sort()).toEqual([
        'contents',
        'email',
        'idempotencyKey',
        'name',
        'subject',
      ]);
      const call = (args: Record<string, unknown>) =>
        client.callTool({ name: 'email_send', arguments: args });
      const rejected = readToolError(await call({ ...draft, leaveEmpty: 'x', website: 'x', phone: 'x' }));
      expect(Object.keys(rejected.data.fieldErrors ?? {}).sort()).toEqual(['leaveEmpty', 'phone', 'website']);
      const { id } = receiptSchema.parse(readToolText(await call(draft)));
      await arrives(id);
      const noInput = await client.callTool({ name: 'fixture_request', arguments: { extra: 1 } });
      expect(readToolError(noInput).data.fieldErrors).toEqual({ extra: ['Unknown field'] });
    } finally {
      await client.close();
    }
  });
});

test("the former hidden field 'website' may be empty and is otherwise rejected", async () => {
  await arrives((await send({ ...draft, website: '' })).id);
  for (const headers of [{}, bearer]) {
    const input = { ...draft, website: 'https://ana.example' };
    const { data } = await expectError(await post(product, 'email.send', input, headers), {
      reason: 'invalid_input',
      path: 'email.send',
    });
    expect(data.fieldErrors).toEqual({ website: ['Unknown field'] });
  }
});

describe('a form', () => {
  const cv = new File(['x'], 'cv.pdf', { type: 'application/pdf' });
  const message = [
    ['email', draft.email],
    ['contents', 'My CV is attached'],
  ] as const;

  function submit(path: string, entries: readonly (readonly [string, string | File])[]): Promise<Response> {
    const body = new FormData();
    for (const [name, value] of entries) body.append(name, value);
    return fetch(`${product.baseUrl}${path}`, {
      method: 'POST',
      body,
      headers: { origin: product.baseUrl },
      redirect: 'manual',
    });
  }

  async function rejectedFields(response: Response): Promise<unknown> {
    expect(response.status).toBe(400);
    return readError(await response.json()).data.fieldErrors;
  }

  describe.each(['/api/trpc/email.send', '/contact/send'])('posted to %s', (path) => {
    const fields = message;
    const [[repeated] = ['']] = fields;

    test.each([
      ['a file', [['cv', cv] as const], { cv: ['Files are not accepted'] }],
      ['an unknown field', [['phone', '123'] as const], { phone: ['Unknown field'] }],
      [
        'a second value of a field',
        [[repeated, '16'] as const],
        { [repeated]: ['Only one value is accepted'] },
      ],
    ])('with %s is rejected, and the field is named', async (_, added, fieldErrors) => {
      expect(await rejectedFields(await submit(path, [...fields, ...added]))).toEqual(fieldErrors);
    });

    test('with an empty unknown field and without a chosen file is accepted', async () => {
      const response = await submit(path, [...fields, ['phone', ''], ['cv', new File([], '')]]);
      expect([200, 303]).toContain(response.status);
      expect(response.headers.get('location') ?? '').not.toContain('problem');
    });
  });
});

test('unknown fields are rejected by every procedure, also below the top level', async () => {
  const nested = { body: { text: '**Hi**', colour: 'red' }, query: {} };
  const { data } = await expectError(await post(product, 'proxy.items.render', nested), {
    reason: 'invalid_input',
    path: 'proxy.items.render',
  });
  expect(data.fieldErrors).toEqual({ 'body.colour': ['Unknown field'], query: ['Unknown field'] });
  const names = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]));
  const many = await expectError(await post(product, 'fixture.reading', { lat: 1, lng: 1, ...names }), {
    reason: 'invalid_input',
  });
  expect(Object.keys(many.data.fieldErrors ?? {})).toHaveLength(limits.fieldErrors);
});
