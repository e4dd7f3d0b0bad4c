import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseEnv, settingNames } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { findRoute } from '#server/routes/route-table.ts';
import { only, readDockerfile } from './dockerfile.ts';

const final = readDockerfile(readFileSync('Dockerfile', 'utf8')).at(-1);
const user = final && only(final, 'USER').text;

/** Seconds after which all processes have exited or have been killed by the primary. */
const shutdownSeconds = (limits.shutdownDeadline + limits.mail.stopGrace + limits.cluster.killMargin) / 1000;

/** Matches a third-party image with an exact version, never "latest". */
const pinned = /^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)*$/;

describe('compose.yaml', () => {
  const service = z.looseObject({
    image: z.string(),
    environment: z.record(z.string(), z.string()).default({}),
    security_opt: z.array(z.string()),
    ports: z.array(z.string()).default([]),
    depends_on: z.record(z.string(), z.unknown()).default({}),
  });
  const product = service.extend({
    build: z.literal('.'),
    read_only: z.literal(true),
    cap_drop: z.tuple([z.literal('ALL')]),
    stop_grace_period: z.string().regex(/^\d+s$/),
  });
  const { services } = z
    .object({ services: z.object({ product }).catchall(service) })
    .parse(parse(readFileSync('compose.yaml', 'utf8')));
  const others = Object.entries(services).filter(([name]) => name !== 'product');

  /** Expands variables as Compose does, with an .env file that has only the required ones. */
  function expand(value: string): string {
    return value.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, _name, kind, rest) =>
      kind === '-' ? rest : 'secret',
    );
  }

  test('passes only known settings to the product, and has each service that they name', () => {
    const { environment } = services.product;
    expect(Object.keys(environment).filter((name) => !settingNames.includes(name))).toEqual([]);
    const settings = parseEnv(
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, expand(value)])),
    );
    const hosts = [settings.DATABASE_URL, settings.REDIS_URL, settings.SMTP_URL].map(
      (url) => new URL(url ?? '').hostname,
    );
    expect(hosts).toEqual(['postgres', 'redis', 'mailpit']);
    expect(Object.keys(services.product.depends_on)).toEqual(hosts);
    expect(others.map(([name]) => name)).toEqual(hosts);
  });

  test('waits longer than the shutdown deadline of the product', () => {
    expect(Number.parseInt(services.product.stop_grace_period, 10)).toBeGreaterThan(shutdownSeconds);
  });

  test('pins versions, forbids new privileges, and publishes ports only on loopback', () => {
    for (const [, { image }] of others) expect(image).toMatch(pinned);
    for (const { security_opt, ports } of Object.values(services)) {
      expect(security_opt).toContain('no-new-privileges:true');
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
  });

  test('contains no secret', () => {
    const secrets = Object.values(services).flatMap(({ environment }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|SECRET|TOKEN|KEY/.test(name)),
    );
    expect(secrets.length).toBeGreaterThan(0);
    for (const [, value] of secrets) expect(value).toMatch(/^\$\{\w+:\?/);
    expect(new URL(expand(services.product.environment.DATABASE_URL ?? '')).password).toBe('secret');
  });
});

describe('deploy/kubernetes.yaml', () => {
  const documents = new Map(
    parseAllDocuments(readFileSync('deploy/kubernetes.yaml', 'utf8')).map((document) => {
      const content: unknown = document.toJS();
      return [z.object({ kind: z.string() }).parse(content).kind, content];
    }),
  );
  const labels = z.record(z.string(), z.string());
  const selector = z.object({ matchLabels: labels });
  const httpGet = z.object({ path: z.string(), port: z.string() });
  const container = z.object({
    image: z.string(),
    ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
    envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })),
    env: z.array(
      z.strictObject({
        name: z.string(),
        valueFrom: z.strictObject({
          secretKeyRef: z.object({ name: z.string(), key: z.string(), optional: z.boolean().optional() }),
        }),
      }),
    ),
    securityContext: z.object({
      allowPrivilegeEscalation: z.literal(false),
      readOnlyRootFilesystem: z.literal(true),
      capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
    }),
    startupProbe: z.object({ httpGet }),
    livenessProbe: z.object({ httpGet, timeoutSeconds: z.int() }),
    readinessProbe: z.object({ httpGet, timeoutSeconds: z.int() }),
    lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.int().positive() }) }) }),
  });
  const { spec } = z
    .object({
      spec: z.object({
        replicas: z.int().min(2),
        strategy: z.object({
          type: z.literal('RollingUpdate'),
          rollingUpdate: z.object({ maxUnavailable: z.literal(0), maxSurge: z.int().positive() }),
        }),
        selector,
        template: z.object({
          metadata: z.object({ labels }),
          spec: z.object({
            terminationGracePeriodSeconds: z.int(),
            securityContext: z.object({
              runAsNonRoot: z.literal(true),
              runAsUser: z.int().positive(),
              runAsGroup: z.int().positive(),
              seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
            }),
            containers: z.tuple([container]),
          }),
        }),
      }),
    })
    .parse(documents.get('Deployment'));
  const pod = spec.template.spec;
  const [product] = pod.containers;
  const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(documents.get('ConfigMap'));

  test('passes only known settings to the product, and secret ones from a Secret', () => {
    const secret = product.env.map(({ name, valueFrom }) => {
      expect(valueFrom.secretKeyRef).toMatchObject({ name: 'typed-bff', key: name });
      return name;
    });
    for (const name of [...secret, ...Object.keys(data)]) expect(settingNames).toContain(name);
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL']) expect(secret).toContain(name);
    expect(Object.keys(data).filter((name) => /URL$|SECRET|TOKEN|KEY/.test(name))).toEqual(['SITE_URL']);
    const { PORT } = parseEnv({ ...data, SMTP_URL: 'smtp://mail.example.org:587' });
    expect(product.ports).toEqual([{ name: 'http', containerPort: PORT }]);
  });

  test('probes existing routes', () => {
    const { startupProbe, livenessProbe, readinessProbe } = product;
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
      expect(httpGet.port).toBe('http');
      expect(findRoute(new URL(httpGet.path, 'http://pod').pathname)).toBeDefined();
    }
    // A database outage must neither restart pods nor remove all of them from the Service at once.
    expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path)).toEqual([
      '/healthz',
      '/healthz',
      '/readyz?exclude=database',
    ]);
  });

  test('runs as the user of the image and waits longer than its shutdown deadline', () => {
    const { runAsUser, runAsGroup } = pod.securityContext;
    expect(`${runAsUser}:${runAsGroup}`).toBe(user);
    const { seconds } = product.lifecycle.preStop.sleep;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(seconds + shutdownSeconds);
  });

  test('has a Service and a PodDisruptionBudget that select these pods', () => {
    const { labels } = spec.template.metadata;
    expect(spec.selector.matchLabels).toEqual(labels);
    const service = z
      .object({
        spec: z.object({ selector: z.unknown(), ports: z.array(z.object({ targetPort: z.string() })) }),
      })
      .parse(documents.get('Service'));
    expect(service.spec.selector).toEqual(labels);
    expect(service.spec.ports.map(({ targetPort }) => targetPort)).toEqual(
      product.ports.map(({ name }) => name),
    );
    const budget = z
      .object({ spec: z.object({ maxUnavailable: z.int(), selector }) })
      .parse(documents.get('PodDisruptionBudget'));
    expect(budget.spec.selector.matchLabels).toEqual(labels);
    expect(budget.spec.maxUnavailable).toBeLessThan(spec.replicas);
  });
});
