import { expect, onTestFinished, test } from 'vitest';
import { eventOf, linesOf, untilLogged } from '#tests/http/support/log.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { startSmtpServer } from '#tests/support/smtp-server.ts';
import { callersTrace, testCollector } from './support.ts';

const idOf = (response: Response) => response.headers.get('x-request-id') ?? '';

test('without tracing, the trace of a caller is logged, stored with a mail and sent to internal upstreams', async () => {
  const smtp = await startSmtpServer();
  onTestFinished(() => smtp.close());
  const product = await startProduct({
    SMTP_URL: smtp.url,
    MAIL_TO: 'owner@site.example',
    MAIL_FROM: 'website@site.example',
    DEMO: '',
  });
  onTestFinished(() => product.close());
  const { traceId, spanId, traceparent } = callersTrace();
  const headers = { traceparent, tracestate: 'vendor=opaque' };

  const download = await fetch(`${product.baseUrl}/api/raw/store/files/synthetic-1024.bin`, { headers });
  expect((await download.arrayBuffer()).byteLength).toBe(1024);
  const [forwarded] = product.upstreams.store.requests;
  expect(forwarded?.headers).toMatchObject(headers);
  const complete = await untilLogged(
    product,
    (line) => line.msg === 'stream complete' && line.requestId === idOf(download),
  );
  expect(complete).toMatchObject({ trace_id: traceId, span_id: spanId });

  await resultOf(await post(product, 'fixture.search', { name: 'Lisbon' }, headers));
  expect(Object.keys(product.upstreams.search.requests[0]?.headers ?? {})).not.toContain('traceparent');

  const draft = { email: 'ada@visitor.example', contents: 'Hello' };
  const mailed = await post(product, 'email.send', draft, headers);
  await resultOf(mailed);
  expect(await eventOf(product, idOf(mailed))).toMatchObject({ trace_id: traceId, span_id: spanId });
  const sent = await untilLogged(product, (line) => line.msg === 'mail sent');
  expect(sent).toMatchObject({ trace_id: traceId, span_id: spanId });
  // The delivery is not part of the request that triggered it.
  expect(sent).not.toHaveProperty('requestId');

  const plain = await post(product, 'fixture.body', 1);
  await eventOf(product, idOf(plain));
  for (const line of linesOf(product, idOf(plain))) expect(line).not.toHaveProperty('trace_id');
});

test('traces and metrics can be turned off separately', async () => {
  const collector = await testCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const noTraces = await startProduct({ ...env, OTEL_TRACES_EXPORTER: 'none' });
  await resultOf(await post(noTraces, 'fixture.body', 1));
  await noTraces.close();
  expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/metrics']);

  collector.requests.length = 0;
  const noMetrics = await startProduct({ ...env, OTEL_METRICS_EXPORTER: 'none' });
  await resultOf(await post(noMetrics, 'fixture.body', 1));
  await noMetrics.close();
  expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces']);
});
