import { expect, onTestFinished, test, vi } from 'vitest';
import { mailStates } from '#server/mail/tables.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { exportingTo, testCollector } from './support.ts';

test('exported metrics have the same names, labels and counts as scraped ones', async () => {
  const collector = await testCollector();
  const product = await startProduct(exportingTo(collector));
  onTestFinished(() => product.close());
  await resultOf(await post(product, 'fixture.reading', { lat: 12, lng: 34 }));
  await resultOf(await post(product, 'fixture.body', 1));
  const scraped = parsePrometheus(await (await fetch(`${product.baseUrl}/metrics`)).text());
  const calls = total(scraped, 'bff_calls_total', {});
  const last = await vi.waitFor(
    () => {
      const latest = collector.exports.at(-1);
      const points = latest?.metrics.get('bff_calls_total')?.sum?.dataPoints ?? [];
      expect(points.reduce((sum, { asDouble }) => sum + asDouble, 0)).toBe(calls);
      // A scrape is counted only after it has ended.
      expect(latest?.metrics.get('bff_requests_total')?.sum?.dataPoints).toContainEqual(
        expect.objectContaining({ attributes: expect.objectContaining({ route: '/metrics' }) }),
      );
      return latest;
    },
    { timeout: 10_000, interval: 50 },
  );

  const names = new Set(scraped.types.keys());
  for (const name of last?.metrics.keys() ?? []) expect(names).toContain(name);
  const own = [...names].filter((name) => name.startsWith('bff_'));
  const scrapedNames = new Set(scraped.samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
  for (const name of own.filter((each) => scrapedNames.has(each))) {
    expect([...(last?.metrics.keys() ?? [])], name).toContain(name);
  }
  const duration = last?.metrics.get('bff_call_duration_seconds')?.histogram?.dataPoints ?? [];
  const echo = duration.find(({ attributes }) => attributes.procedure === 'fixture.body');
  const labels = { procedure: 'fixture.body' };
  expect(echo?.count).toBe(total(scraped, 'bff_call_duration_seconds_count', labels));
  expect(echo?.sum).toBe(total(scraped, 'bff_call_duration_seconds_sum', labels));
  let below = 0;
  for (const [at, bound] of (echo?.explicitBounds ?? []).entries()) {
    below += echo?.bucketCounts[at] ?? 0;
    const scrapedBelow = total(scraped, 'bff_call_duration_seconds_bucket', { ...labels, le: String(bound) });
    expect(below, `up to ${bound}`).toBe(scrapedBelow);
  }
  expect(last?.metrics.get('bff_mails')?.gauge?.dataPoints).toHaveLength(mailStates.length);
});
