import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { untilLogged } from '#tests/http/support/log.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';

const marker = 'block the event loop';
/** Loaded before the product's code: JSON with the marker takes 300 ms of processor time to parse. */
const slowParser = `
  const { parse } = JSON;
  JSON.parse = (...args) => {
    const start = process.cpuUsage();
    if (String(args[0]).includes('${marker}')) while (process.cpuUsage(start).user < 300_000);
    return parse(...args);
  };
`;

const blockSchema = z.looseObject({ work: z.string(), ms: z.number().min(50), cpuMs: z.number().min(50) });

test('what blocks the event loop is named in the log and the metrics', { timeout: 120_000 }, async () => {
  const product = await startProduct({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(slowParser)}`,
  });
  onTestFinished(() => product.close());
  await resultOf(await post(product, 'fixture.body', { text: marker }));

  const line = await untilLogged(
    product,
    ({ msg, work }) => msg === 'event loop blocked' && work === 'fixture.body',
  );
  const { work, ms } = blockSchema.parse(line);
  const exposed = parsePrometheus(await (await fetch(`${product.baseUrl}/metrics`)).text());
  expect(total(exposed, 'bff_event_loop_blocked_seconds_count', { work })).toBeGreaterThanOrEqual(1);
  expect(total(exposed, 'bff_event_loop_blocked_seconds_sum', { work })).toBeGreaterThanOrEqual(ms / 1000);
  const delays = ['0.5', '0.99', '1'].map((quantile) =>
    total(exposed, 'bff_event_loop_delay_seconds', { worker: '0', quantile }),
  );
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  expect(delays.at(-1)).toBeGreaterThan(0.05);
});
