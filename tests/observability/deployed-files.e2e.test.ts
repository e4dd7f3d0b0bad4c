import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { rateLimitNames } from '#server/config/rate-limits.ts';
import { errorReasons } from '#server/errors.ts';
import { faults } from '#server/upstream-client/failure.ts';
import { type Exposition, parsePrometheus } from '#tests/http/support/prometheus.ts';
import { post } from '#tests/support/call.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { type Selector, selectorsOf } from '#tests/support/promql.ts';

const gridPos = z.strictObject({
  x: z.int().min(0),
  y: z.int().min(0),
  w: z.int().min(1),
  h: z.int().min(1),
});
const datasource = z.strictObject({
  type: z.literal('prometheus'),
  uid: z.string().regex(/^\$\{datasource\}$/),
});
const common = { id: z.int().positive(), title: z.string().min(1), gridPos };
const panelSchema = z.discriminatedUnion('type', [
  z.looseObject({ ...common, type: z.literal('row') }),
  ...(['timeseries', 'stat'] as const).map((type) =>
    z.looseObject({
      ...common,
      type: z.literal(type),
      datasource,
      fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string().min(1) }) }),
      targets: z
        .array(
          z.strictObject({
            refId: z.string().regex(/^[A-Z]$/),
            datasource,
            expr: z.string().min(1),
            legendFormat: z.string().min(1),
          }),
        )
        .min(1),
    }),
  ),
]);
const dashboardSchema = z.looseObject({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  schemaVersion: z.int().min(36),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({
    list: z.array(
      z.looseObject({
        name: z.string(),
        type: z.enum(['datasource', 'query']),
        query: z.union([z.string(), z.strictObject({ query: z.string(), refId: z.string() })]),
      }),
    ),
  }),
  panels: z.array(panelSchema),
});
const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string().min(1),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^[A-Z]\w+$/),
          expr: z.string().min(1),
          for: z
            .string()
            .regex(/^\d+[smhd]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.strictObject({ summary: z.string().min(1), description: z.string().min(1) }),
        }),
      ),
    }),
  ),
});

const read = (file: string) => readFileSync(`deploy/observe/${file}`, 'utf8');
const dashboard = dashboardSchema.parse(JSON.parse(read('grafana-dashboard.json')));
const { groups } = rulesSchema.parse(parse(read('alerts.yaml')));
const rules = groups.flatMap((group) => group.rules);

/** Replaces variables the way Grafana does before it sends an expression to Prometheus. */
const filledIn = (expression: string) =>
  expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:job|instance)\b/g, '.*');
const targets = dashboard.panels.flatMap((panel) =>
  panel.type === 'row'
    ? []
    : panel.targets.map((target) => ({ ...target, title: panel.title, expr: filledIn(target.expr) })),
);

/** Labels that the scraper adds. */
const ofTarget = ['job', 'instance'];

let product: Product;
let exposed: Exposition;
beforeAll(async () => {
  product = await startProduct({
    // Nothing listens on this port.
    SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
    MAIL_TO: 'owner@site.example',
    MAIL_FROM: 'website@site.example',
    DEMO: '',
    // Sign-in is on. No provider is needed until somebody signs in.
    OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
    OIDC_CLIENT_ID: 'typed-bff',
    OIDC_CLIENT_SECRET: 'not used',
    RATE_LIMITS: 'mail=2/3600,mailSite=1/3600',
  });
  const place = { lat: 51, lng: 7 };
  const draft = { email: 'ada@visitor.example', contents: 'Hello' };
  await post(product, 'fixture.reading', place);
  await post(product, 'fixture.reading', place);
  await post(product, 'email.send', draft);
  // More than the quota of the site, then more than the limit of the client allows.
  await post(product, 'email.send', draft);
  await post(product, 'email.send', draft);
  product.upstreams.items.fault({ kind: 'status', status: 500 });
  await post(product, 'proxy.items.item', { params: { owner: 'trpc', repo: 'trpc' } });
  await post(product, 'proxy.items.render', { body: { text: 'x' } });
  for (const path of ['/readyz', '/healthz', '/metrics']) await fetch(`${product.baseUrl}${path}`);
  exposed = await vi.waitFor(
    async () => {
      const text = await (await fetch(`${product.baseUrl}/metrics`)).text();
      expect(text).toContain('event="transport_down"');
      expect(text).toContain('nodejs_gc_duration_seconds_sum{');
      return parsePrometheus(text);
    },
    { timeout: 15_000, interval: 100 },
  );
});
afterAll(() => product.close());

function labelsOf(metric: string): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>();
  for (const sample of exposed.samples.filter(({ name }) => name === metric)) {
    for (const [label, value] of Object.entries(sample.labels)) {
      labels.set(label, (labels.get(label) ?? new Set<string>()).add(value));
    }
  }
  return labels;
}

/** Possible values of labels that are closed sets, because this test cannot produce all of them. */
const closedSets: Record<string, Set<string>> = {
  class: new Set(rateLimitNames),
  dependency: new Set(['database', 'identityProvider', 'redis']),
  outcome: new Set([...Object.keys(errorReasons), ...Object.keys(faults)]),
};

/** Returns the problems of a selector as messages: an unknown metric, an unknown label or a value that never occurs. */
function problemsOf({ metric, matchers, groupedBy }: Selector): string[] {
  if (!exposed.samples.some(({ name }) => name === metric)) return [`there is no ${metric}`];
  const labels = labelsOf(metric);
  const isThere = (label: string) => ofTarget.includes(label) || labels.has(label);
  const missing = [...matchers.map(({ label }) => label), ...groupedBy].filter((label) => !isThere(label));
  const never = matchers
    .filter(({ label }) => !ofTarget.includes(label) && labels.has(label))
    .filter(({ label, operator, value }) => {
      const values = [...(labels.get(label) ?? []), ...(closedSets[label] ?? [])];
      const isRegex = operator.endsWith('~');
      // Each alternative of a pattern must match some value.
      const alternatives = isRegex ? value.split('|').map((part) => new RegExp(`^(?:${part})$`)) : [value];
      return alternatives.some((alternative) =>
        alternative instanceof RegExp
          ? !values.some((each) => alternative.test(each))
          : !values.includes(alternative),
      );
    });
  return [
    ...missing.map((label) => `${metric} has no label ${label}`),
    ...never.map(({ label, operator, value }) => `${metric} never has ${label}${operator}${value}`),
  ];
}

const problemsIn = (expression: string) => selectorsOf(expression).flatMap(problemsOf);

describe('the checks of this file', () => {
  test.each([
    ['rate(bff_request_total[5m])', 'there is no bff_request_total'],
    ['sum by (procedure) (rate(bff_requests_total[5m]))', 'bff_requests_total has no label procedure'],
    ['bff_requests_total{path="/"}', 'bff_requests_total has no label path'],
    ['bff_mails{status="lost"}', 'bff_mails never has status=lost'],
    ['bff_requests_total{route!~"/healthz|/ready"}', 'bff_requests_total never has route!~/healthz|/ready'],
    ['bff_mails unless on (upstream) bff_calls_total', 'bff_mails has no label upstream'],
  ])('report the problem of %s', (expression, problem) => {
    expect(problemsIn(expression)).toContain(problem);
  });

  test.each(['sum(', 'rate(bff_calls_total[5 minutes])', 'sum by route (x)', '{job="x"'])(
    'reject %s as invalid PromQL',
    (expression) => {
      expect(() => selectorsOf(expression)).toThrow('not PromQL');
    },
  );
});

describe('the dashboard', () => {
  test.each(targets.map((target) => [target.title, target] as const))(
    '%s queries only exposed metrics and labels',
    (_, { expr, legendFormat }) => {
      const selectors = selectorsOf(expr);
      expect(selectors.length).toBeGreaterThan(0);
      expect(problemsIn(expr)).toEqual([]);
      const groupLabels = new Set(selectors.flatMap(({ groupedBy }) => groupedBy));
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect(groupLabels).toContain(label);
    },
  );

  test('shows every metric of the product', () => {
    const shown = new Set(
      targets.flatMap(({ expr }) =>
        selectorsOf(expr).map(({ metric }) => metric.replace(/_(?:bucket|sum)$/, '')),
      ),
    );
    const own = [...exposed.types.keys()].filter((name) => name.startsWith('bff_'));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((name) => !shown.has(name))).toEqual([]);
  });

  test('has panels with unique ids that do not overlap', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken, `${title} covers another`).not.toContain(`${x} ${y}`);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  test('declares the variables that it uses, and their queries use exposed metrics and labels', () => {
    const { list } = dashboard.templating;
    const declared = new Set(list.map(({ name }) => name));
    const used = [...read('grafana-dashboard.json').matchAll(/\$\{?([a-z_]\w*)/g)].map(([, name]) => name);
    expect(new Set(used.filter((name) => !name?.startsWith('__')))).toEqual(declared);
    for (const { query } of list) {
      if (typeof query === 'string') continue;
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query.query) ?? [];
      expect(problemsIn(filledIn(selector))).toEqual([]);
      expect(ofTarget).toContain(label);
    }
  });
});

describe('the alerts', () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s queries only exposed metrics and labels',
    (_, rule) => {
      const selectors = selectorsOf(rule.expr);
      expect(selectors.length).toBeGreaterThan(0);
      expect(problemsIn(rule.expr)).toEqual([]);
      const groupLabels = new Set(selectors.flatMap(({ groupedBy }) => groupedBy));
      const { summary, description } = rule.annotations;
      for (const [, label = ''] of `${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)) {
        expect(groupLabels).toContain(label);
      }
    },
  );

  test('have unique names, and the documentation describes exactly these alerts', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const guide = readFileSync('docs/observability.md', 'utf8');
    expect(names.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
    const documented = [...guide.matchAll(/`(Bff\w+)`/g)].map(([, name = '']) => name);
    expect(documented.filter((name) => !names.includes(name))).toEqual([]);
  });
});
