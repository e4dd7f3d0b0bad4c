import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventOf, logLines, untilLogged } from '#tests/http/support/log.ts';
import { post, postBatch, resultOf } from '#tests/support/call.ts';
import {
  type Collector,
  type ReceivedSpan,
  spanNamed,
  startCollector,
  treeOf,
  untilTraced,
} from '#tests/support/collector.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import { callersTrace, exportingTo } from './support.ts';

const requestSpan = 'POST /api/trpc/[trpc]';
const mailAddresses = { MAIL_TO: 'owner@site.example', MAIL_FROM: 'website@site.example' };

let collector: Collector;
let smtp: TestSmtpServer;
let product: Product;
beforeAll(async () => {
  const credentials = { user: 'website', pass: 'hunter2' };
  [collector, smtp] = await Promise.all([startCollector(), startSmtpServer({ credentials })]);
  product = await startProduct({
    ...exportingTo(collector),
    ...mailAddresses,
    OTEL_SERVICE_NAME: 'other-name',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=seven',
    DEMO: '',
    SMTP_URL: smtp.url.replace('//', '//website:hunter2@'),
  });
});
afterAll(async () => {
  await product.close();
  await Promise.all([smtp.close(), collector.close()]);
});

const idOf = (response: Response) => response.headers.get('x-request-id') ?? '';
const ofRequest = (response: Response) => (span: ReceivedSpan) =>
  span.attributes['bff.request_id'] === idOf(response);

const draft = {
  email: 'ada.lovelace@visitor.example',
  name: 'Ada Lovelace',
  subject: 'A question of engines',
  contents: 'These words are for the owner alone.',
};

test('a mail continues the trace of the caller from the request over the outbox to SMTP', async () => {
  const caller = callersTrace();
  const response = await post(product, 'email.send', draft, {
    traceparent: caller.traceparent,
    tracestate: 'vendor=opaque',
  });
  const { id } = z.object({ id: z.string() }).parse(await resultOf(response));
  const trace = await untilTraced(collector, ofRequest(response), requestSpan, 'mail deliver', 'SMTP send');

  expect(treeOf(trace)).toEqual({
    [requestSpan]: { 'email.send': { 'mail accept': { 'mail deliver': { 'SMTP send': {} } } } },
  });
  expect(new Set(trace.map(({ traceId }) => traceId))).toEqual(new Set([caller.traceId]));
  expect(trace.map(({ name, kind }) => [name, kind]).sort()).toEqual([
    [requestSpan, 'server'],
    ['SMTP send', 'client'],
    ['email.send', 'internal'],
    ['mail accept', 'producer'],
    ['mail deliver', 'consumer'],
  ]);
  const first = spanNamed(trace, requestSpan);
  expect(first).toMatchObject({
    parentSpanId: caller.spanId,
    traceState: 'vendor=opaque',
    failed: false,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/api/trpc/[trpc]',
      'http.response.status_code': 200,
      'bff.caller': 'visitor',
    },
  });
  expect(spanNamed(trace, 'mail accept').attributes['bff.mail_id']).toBe(id);
  expect(spanNamed(trace, 'mail deliver').attributes).toEqual({ 'bff.mail_id': id, 'bff.attempt': 1 });
  expect(spanNamed(trace, 'SMTP send').attributes).toEqual({
    'server.address': '127.0.0.1',
    'server.port': smtp.port,
  });

  const event = await eventOf(product, idOf(response));
  expect(event).toMatchObject({ trace_id: caller.traceId, span_id: first.spanId });
  const sent = await untilLogged(product, (line) => line.msg === 'mail sent' && line.mailId === id);
  expect(sent).toMatchObject({
    trace_id: caller.traceId,
    span_id: spanNamed(trace, 'mail deliver').spanId,
  });
});

test('two mails that are delivered together stay in separate traces', async () => {
  const responses = await Promise.all([
    post(product, 'email.send', draft),
    post(product, 'email.send', draft),
  ]);
  for (const response of responses) {
    const trace = await untilTraced(collector, ofRequest(response), 'mail deliver', 'SMTP send');
    expect(treeOf(trace)).toEqual({
      [requestSpan]: { 'email.send': { 'mail accept': { 'mail deliver': { 'SMTP send': {} } } } },
    });
  }
});

test('the trace of a reading contains its upstream call, and none when it comes from the cache', async () => {
  const place = { lat: 41.1, lng: 2.2 };
  const uncached = await post(product, 'fixture.reading', place);
  await resultOf(uncached);
  const trace = await untilTraced(collector, ofRequest(uncached), requestSpan);
  expect(treeOf(trace)).toEqual({
    [requestSpan]: {
      'fixture.reading': {
        'upstream readings': { 'POST /v1/readings': {} },
      },
    },
  });
  expect(spanNamed(trace, 'upstream readings').attributes).toMatchObject({
    'bff.cache': 'miss',
    'bff.stands_in': false,
  });
  expect(spanNamed(trace, 'POST /v1/readings')).toMatchObject({
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      'url.template': '/v1/readings',
      'server.address': '127.0.0.1',
      'http.response.status_code': 200,
    },
  });

  const again = await post(product, 'fixture.reading', place);
  await resultOf(again);
  const cached = await untilTraced(collector, ofRequest(again), requestSpan);
  expect(treeOf(cached)).toEqual({
    [requestSpan]: {
      'fixture.reading': { 'upstream readings': {} },
    },
  });
  expect(spanNamed(cached, 'upstream readings').attributes['bff.cache']).toBe('hit');
});

test('every attempt of a failed upstream call has its own span with the fault', async () => {
  product.upstreams.items.fault({ kind: 'status', status: 500 });
  const response = await post(product, 'proxy.items.item', {
    params: { owner: 'trpc', repo: 'none' },
  });
  product.upstreams.items.fault(undefined);
  expect(response.status).toBe(502);
  const trace = await untilTraced(collector, ofRequest(response), requestSpan);
  const attempts = trace.filter(({ name }) => name === 'GET /items/{owner}/{repo}');
  expect(attempts.map(({ attributes }) => attributes['http.request.resend_count']).sort()).toEqual([
    1,
    2,
    undefined,
  ]);
  for (const each of attempts) {
    expect(each).toMatchObject({
      failed: true,
      attributes: { 'error.type': 'server_error', 'http.response.status_code': 500 },
    });
  }
  expect(spanNamed(trace, 'upstream items')).toMatchObject({
    failed: true,
    attributes: { 'error.type': 'server_error' },
  });
  expect(spanNamed(trace, 'proxy.items.item')).toMatchObject({
    failed: true,
    attributes: { 'bff.outcome': 'upstream_bad_answer', 'error.type': 'upstream_bad_answer' },
  });
  expect(spanNamed(trace, requestSpan)).toMatchObject({ failed: true, attributes: { 'error.type': '502' } });
  const failure = logLines(product).find(
    (line) => line.requestId === idOf(response) && line.msg === 'call failed',
  );
  expect(failure?.trace_id).toBe(trace[0]?.traceId);
});

test('the calls of a batch are sibling spans below one request span', async () => {
  const response = await postBatch(product, [
    ['proxy.endpoints', undefined],
    ['email.status', { id: 'none' }],
  ]);
  const trace = await untilTraced(collector, ofRequest(response), requestSpan);
  expect(treeOf(trace)).toEqual({ [requestSpan]: { 'proxy.endpoints': {}, 'email.status': {} } });
  expect(spanNamed(trace, 'email.status')).toMatchObject({
    // A client error does not mark the span as failed.
    failed: false,
    attributes: { 'bff.outcome': 'not_found', 'bff.request_id': `${idOf(response)}.1` },
  });
});

test('an internal upstream gets the trace context for uploads and downloads', async () => {
  const { store } = product.upstreams;
  const caller = callersTrace();
  const headers = { traceparent: caller.traceparent, tracestate: 'vendor=opaque' };
  const uploaded = await fetch(`${product.baseUrl}/api/raw/store/files/traced.bin`, {
    method: 'PUT',
    headers: { ...headers, ...proxyAuthorization, 'content-type': 'application/octet-stream' },
    body: 'bytes',
  });
  expect(uploaded.status).toBe(201);
  const stored = await untilTraced(collector, ofRequest(uploaded), 'PUT /api/raw/[...path]');
  const put = store.requests.find(({ method }) => method === 'PUT');
  expect(put?.headers).toMatchObject({
    traceparent: `00-${caller.traceId}-${spanNamed(stored, 'PUT /files/{name}').spanId}-01`,
    tracestate: 'vendor=opaque',
  });

  const fetched = await fetch(`${product.baseUrl}/api/raw/store/files/traced.bin`);
  expect(await fetched.text()).toBe('bytes');
  const trace = await untilTraced(collector, ofRequest(fetched), 'GET /api/raw/[...path]');
  expect(treeOf(trace)).toEqual({
    'GET /api/raw/[...path]': { 'upstream store': { 'GET /files/{name}': {} } },
  });
  const { spanId, traceId } = spanNamed(trace, 'GET /files/{name}');
  const get = store.requests.find(({ method }) => method === 'GET');
  expect(get?.headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  expect(get?.headers.tracestate).toBeUndefined();
  const complete = await untilLogged(
    product,
    (line) => line.msg === 'stream complete' && line.requestId === idOf(fetched),
  );
  expect(complete.trace_id).toBe(traceId);
});

test('no other upstream gets the trace context', async () => {
  const { readings, search, items, archives } = product.upstreams;
  const others = [readings, search, items, archives];
  for (const { requests } of others) requests.length = 0;
  const headers = {
    traceparent: callersTrace().traceparent,
    tracestate: 'vendor=opaque',
    baggage: 'user=ada',
  };
  await post(product, 'fixture.reading', { lat: 10, lng: 20 }, headers);
  await post(product, 'fixture.search', { name: 'Lisbon' }, headers);
  await post(product, 'proxy.items.versions', { params: { owner: 'trpc', repo: 'trpc' } }, headers);
  await fetch(`${product.baseUrl}/api/raw/archives/trpc/trpc/tar.gz/v1.32.0`, { headers });
  for (const { requests } of others) expect(requests).toHaveLength(1);
  const sent = others.flatMap(({ requests }) => requests.flatMap((each) => Object.keys(each.headers)));
  expect(sent.filter((name) => /^(trace|baggage|x-b3|b3|uber)/.test(name))).toEqual([]);
});

test.each([
  ['a digit that is not hexadecimal', '00-0123456789abcdef0123456789abcdeg-0123456789abcdef-01'],
  ['uppercase letters', '00-0123456789ABCDEF0123456789ABCDEF-0123456789abcdef-01'],
  ['a trace id of zeros', '00-00000000000000000000000000000000-0123456789abcdef-01'],
  ['two values', `${callersTrace().traceparent}, ${callersTrace().traceparent}`],
  ['another format', 'ada@visitor.example'],
])('a traceparent with %s is ignored', async (_, traceparent) => {
  const response = await post(product, 'proxy.endpoints', undefined, { traceparent });
  const trace = await untilTraced(collector, ofRequest(response), requestSpan);
  const first = spanNamed(trace, requestSpan);
  expect(first.parentSpanId).toBeUndefined();
  expect(traceparent).not.toContain(first.traceId);
});

test('the trace of a page contains its calls on the server and no spans of Next', async () => {
  const caller = callersTrace();
  const page = await fetch(`${product.baseUrl}/proxy`, { headers: { traceparent: caller.traceparent } });
  await page.text();
  const trace = await untilTraced(
    collector,
    ({ traceId }) => traceId === caller.traceId,
    'GET page',
    'proxy.endpoints',
  );
  expect(treeOf(trace)).toEqual({ 'GET page': { 'proxy.endpoints': {} } });
  expect(spanNamed(trace, 'GET page').attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': 'page',
    'http.response.status_code': 200,
  });
  expect(new Set(collector.spans.map(({ scope }) => scope))).toEqual(new Set(['typed-bff']));
});

test('the span of a route that Next serves is below the page span, and its log line has that trace id', async () => {
  const response = await fetch(`${product.baseUrl}/contact/send`, {
    method: 'POST',
    body: new URLSearchParams({ email: 'not an address', contents: 'Hello' }),
    redirect: 'manual',
  });
  const trace = await untilTraced(collector, ofRequest(response), 'POST page');
  expect(treeOf(trace)).toMatchObject({ 'POST page': { 'POST /contact/send': {} } });
  const { spanId, traceId } = spanNamed(trace, 'POST /contact/send');
  expect(await eventOf(product, idOf(response))).toMatchObject({ trace_id: traceId, span_id: spanId });
});

test('a page whose name looks like a file name is traced as a page', async () => {
  const caller = callersTrace();
  const { traceparent } = caller;
  expect((await fetch(`${product.baseUrl}/docs/fixture.body`, { headers: { traceparent } })).status).toBe(
    200,
  );
  const trace = await untilTraced(collector, ({ traceId }) => traceId === caller.traceId, 'GET page');
  expect(treeOf(trace)).toEqual({ 'GET page': {} });
});

test('files are not traced', async () => {
  const from = collector.spans.length;
  expect((await fetch(`${product.baseUrl}/icon-192.png`)).status).toBe(200);
  const home = await (await fetch(`${product.baseUrl}/`)).text();
  const [script] = /\/_next\/static\/[^"]+\.js/.exec(home) ?? [];
  expect((await fetch(`${product.baseUrl}${script}`)).status).toBe(200);
  const last = await post(product, 'proxy.endpoints');
  await untilTraced(collector, ofRequest(last), requestSpan);
  expect(collector.spans.slice(from).filter(({ name }) => name === 'GET page')).toHaveLength(1);
});

test('health checks and scrapes are not traced', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics']) await fetch(`${product.baseUrl}${path}`);
  const response = await fetch(`${product.baseUrl}/rss.xml`);
  await untilTraced(collector, ofRequest(response), 'GET /rss.xml');
  const routes = collector.spans.map(({ attributes }) => attributes['http.route']);
  expect(routes.filter((route) => /healthz|readyz|metrics/.test(String(route)))).toEqual([]);
});

test('exports contain the resource attributes and the configured headers', () => {
  const [span] = collector.spans;
  expect(span?.resource).toMatchObject({
    'service.name': 'other-name',
    'deployment.environment.name': 'test',
    'process.pid': product.process.pid,
  });
  expect(span?.resource['service.instance.id']).toEqual(expect.any(String));
  for (const { headers } of collector.requests) expect(headers['x-tenant']).toBe('seven');
});

test('exports contain no inputs, addresses, headers or paths of callers', async () => {
  await post(product, 'fixture.search', { name: 'Hidden Valley' });
  await post(product, 'email.send', { ...draft, email: 'not-an-address' });
  await post(product, 'nothing.here.hidden');
  await fetch(`${product.baseUrl}/api/hidden/path?query=hidden`);
  await fetch(`${product.baseUrl}/api/trpc/proxy.endpoints?input=%7B%22json%22%3A%22hidden%22%7D`);
  const last = await post(product, 'proxy.endpoints', undefined, {
    authorization: 'Basic aGlkZGVuOmhpZGRlbg==',
    cookie: 'hidden=1',
    'user-agent': 'hidden-agent',
  });
  await untilTraced(collector, ofRequest(last), requestSpan);
  const exported = collector.text();
  expect(exported.length).toBeGreaterThan(10_000);
  expect(exported).not.toMatch(/hidden|aGlkZGVu|visitor\.example|lovelace|owner@|website@|hunter2/i);
  expect(exported).not.toMatch(/engines|words are for|Elsewhere|Lisbon|41\.1|33\.3|44\.4/);
});
