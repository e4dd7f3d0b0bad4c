import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reachedFrom, readImportGraph } from '#tests/support/import-graph.ts';

const graph = readImportGraph();
const files = [...graph.keys()];
const under = (...folders: string[]) =>
  files.filter((file) => folders.some((folder) => file.startsWith(`${folder}/`)));

/** Returns `file → import` for every import of these files that is forbidden. */
function violations(
  from: string[],
  isForbidden: (entry: { specifier: string; file: string; typeOnly: boolean }) => boolean,
) {
  return from.flatMap((file) =>
    (graph.get(file) ?? [])
      .filter(({ specifier, file: target = '', typeOnly }) =>
        isForbidden({ specifier, file: target, typeOnly }),
      )
      .map(({ specifier }) => `${file} → ${specifier}`),
  );
}

const isPackage = (specifier: string, ...names: string[]) =>
  names.some((name) => specifier === name || specifier.startsWith(`${name}/`));

describe('imports', () => {
  it('are read from the whole product, and every imported file exists', () => {
    expect(files).toEqual(
      expect.arrayContaining(['server/trpc/router.ts', 'client/links.ts', 'app/page.tsx']),
    );
    const missing = files.flatMap((file) =>
      (graph.get(file) ?? [])
        .filter((entry) => entry.file && !existsSync(entry.file))
        .map(({ specifier }) => specifier),
    );
    expect(missing).toEqual([]);
  });

  it('client/ imports only types from server/, and nothing from app/', () => {
    expect(
      violations(
        under('client'),
        ({ file, typeOnly }) => file.startsWith('app/') || (file.startsWith('server/') && !typeOnly),
      ),
    ).toEqual([]);
  });

  it('server/ does not import app/, client/, tests/, React or Next, except for the start and the settings of Next', () => {
    const ofNext = ['server/node-server/start.ts', 'server/next/with-bff.ts'];
    expect(
      violations(
        under('server').filter((file) => !ofNext.includes(file)),
        ({ specifier, file }) =>
          /^(app|client|tests)\//.test(file) || isPackage(specifier, 'next', 'react', 'react-dom'),
      ),
    ).toEqual([]);
  });

  it('services do not import tRPC, the HTTP layer or the procedures', () => {
    const services = under(
      'server/upstream-client',
      'server/upstreams',
      'server/weather',
      'server/mail',
      'server/feed',
      'server/storage',
      'server/identity',
      'server/queue',
      'server/jobs',
      'server/webhooks',
      'server/files',
      // It gives the runs of jobs the type of all services.
    ).filter((file) => file !== 'server/jobs/define-job.ts');
    expect(services.length).toBeGreaterThan(20);
    expect(
      violations(services, ({ file }) =>
        /^server\/(http|trpc|routes|node-server|catalog|mcp|services)\b/.test(file),
      ),
    ).toEqual([]);
  });

  it('server/http does not import tRPC, the routes or the services', () => {
    expect(under('server/http').length).toBeGreaterThan(15);
    expect(
      violations(under('server/http'), ({ file }) =>
        /^server\/(trpc|routes|node-server|catalog|mcp|services|weather|mail|feed|files|identity|storage|upstream-client|upstreams)\b/.test(
          file,
        ),
      ),
    ).toEqual([]);
  });

  it('only server/trpc and server/mcp import @trpc/server', () => {
    expect(
      violations(
        under('server').filter((file) => !/^server\/(trpc|mcp)\//.test(file)),
        ({ specifier }) => isPackage(specifier, '@trpc/server', '@trpc/client', '@trpc/react-query'),
      ),
    ).toEqual([]);
  });

  it('the root of server/ has at most 8 files', () => {
    const root = files.filter((file) => /^server\/[^/]+$/.test(file));
    expect(root.length).toBeLessThanOrEqual(8);
  });

  it('procedures do not import the HTTP layer', () => {
    expect(
      violations(under('server/trpc/procedures'), ({ file }) =>
        /^server\/(trpc\/)?(http|routes)\//.test(file),
      ),
    ).toEqual([]);
  });

  it('server/ has no import cycles', () => {
    for (const file of under('server')) {
      const cycle = (graph.get(file) ?? [])
        .flatMap((entry) => (entry.file && !entry.typeOnly ? [entry.file] : []))
        .filter((target) => reachedFrom(target, graph).has(file));
      expect(cycle, `${file} is imported, directly or indirectly, by a file that it imports`).toEqual([]);
    }
  });

  it('client components do not import server code', () => {
    const clientModules = files.filter((file) => /^\s*['"]use client['"]/.test(readFileSync(file, 'utf8')));
    expect(clientModules.length).toBeGreaterThan(5);
    for (const file of clientModules) {
      const server = [...reachedFrom(file, graph)].filter((reached) => reached.startsWith('server/'));
      expect(server, `${file} imports server code, directly or indirectly`).toEqual([]);
    }
  });

  it('only one file loads OpenTelemetry, and only dynamically', () => {
    const sdk = under('server', 'app', 'client').filter((file) =>
      (graph.get(file) ?? []).some(
        ({ specifier, typeOnly }) => !typeOnly && isPackage(specifier, '@opentelemetry'),
      ),
    );
    expect(sdk.length).toBeGreaterThan(3);
    expect(sdk.filter((file) => !file.startsWith('server/observability/otlp/'))).toEqual([]);
    const loading = files.filter(
      (file) =>
        !file.startsWith('server/observability/otlp/') &&
        (graph.get(file) ?? []).some(({ file: target = '' }) =>
          target.startsWith('server/observability/otlp/'),
        ),
    );
    expect(loading).toEqual(['server/observability/tracing/start.ts']);
    expect(readFileSync('server/observability/tracing/start.ts', 'utf8')).not.toMatch(/from '\.\.\/otlp\//);
  });

  it('server/ and client/ have no default exports', () => {
    for (const file of under('server', 'client')) {
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/^export default/m);
    }
  });
});
