import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reachedFrom, readImportGraph } from '#tests/support/import-graph.ts';

const graph = readImportGraph();
const files = [...graph.keys()];
const under = (...folders: string[]) =>
  files.filter((file) => folders.some((folder) => file.startsWith(`${folder}/`)));

/** `from → what` for every import of these files that breaks a rule. */
function broken(
  from: string[],
  breaks: (entry: { specifier: string; file: string; typeOnly: boolean }) => boolean,
) {
  return from.flatMap((file) =>
    (graph.get(file) ?? [])
      .filter(({ specifier, file: target = '', typeOnly }) => breaks({ specifier, file: target, typeOnly }))
      .map(({ specifier }) => `${file} → ${specifier}`),
  );
}

const isPackage = (specifier: string, ...names: string[]) =>
  names.some((name) => specifier === name || specifier.startsWith(`${name}/`));

describe('import arrows', () => {
  it('reads the whole product, and every import of a file finds one', () => {
    expect(files).toEqual(
      expect.arrayContaining(['server/trpc/router.ts', 'client/links.ts', 'app/page.tsx']),
    );
    const lost = files.flatMap((file) =>
      (graph.get(file) ?? [])
        .filter((entry) => entry.file && !existsSync(entry.file))
        .map(({ specifier }) => specifier),
    );
    expect(lost).toEqual([]);
  });

  it('client/ takes only types from server/, and nothing from app/', () => {
    expect(
      broken(
        under('client'),
        ({ file, typeOnly }) => file.startsWith('app/') || (file.startsWith('server/') && !typeOnly),
      ),
    ).toEqual([]);
  });

  it('server/ knows nothing of app/, client/, tests/, React or Next, but for the file that starts Next', () => {
    expect(
      broken(
        under('server').filter((file) => file !== 'server/node-server/start.ts'),
        ({ specifier, file }) =>
          /^(app|client|tests)\//.test(file) || isPackage(specifier, 'next', 'react', 'react-dom'),
      ),
    ).toEqual([]);
  });

  it('services know nothing of tRPC, of HTTP requests to this server, or of the procedures above them', () => {
    const services = under(
      'server/upstream-client',
      'server/upstreams',
      'server/weather',
      'server/mail',
      'server/feed',
    );
    expect(services.length).toBeGreaterThan(20);
    expect(
      broken(services, ({ file }) =>
        /^server\/(http|trpc|routes|node-server|catalog|mcp|services)\b/.test(file),
      ),
    ).toEqual([]);
  });

  it('server/http knows nothing of tRPC, the routes or the services', () => {
    expect(under('server/http').length).toBeGreaterThan(15);
    expect(
      broken(under('server/http'), ({ file }) =>
        /^server\/(trpc|routes|node-server|catalog|mcp|services|weather|mail|feed|upstream-client|upstreams)\b/.test(
          file,
        ),
      ),
    ).toEqual([]);
  });

  it('only server/trpc and server/mcp import @trpc/server', () => {
    expect(
      broken(
        under('server').filter((file) => !/^server\/(trpc|mcp)\//.test(file)),
        ({ specifier }) => isPackage(specifier, '@trpc/server', '@trpc/client', '@trpc/react-query'),
      ),
    ).toEqual([]);
  });

  it('at most 8 files lie at the root of server/', () => {
    const root = files.filter((file) => /^server\/[^/]+$/.test(file));
    expect(root.length).toBeLessThanOrEqual(8);
  });

  it('procedures know nothing of HTTP', () => {
    expect(
      broken(under('server/trpc/procedures'), ({ file }) => /^server\/(trpc\/)?(http|routes)\//.test(file)),
    ).toEqual([]);
  });

  it('nothing in server/ reaches back up to what uses it', () => {
    for (const file of under('server')) {
      const circle = (graph.get(file) ?? [])
        .flatMap((entry) => (entry.file && !entry.typeOnly ? [entry.file] : []))
        .filter((target) => reachedFrom(target, graph).has(file));
      expect(circle, `${file} is reached from what it imports`).toEqual([]);
    }
  });

  it('no code of the server is sent to the browser', () => {
    const clientModules = files.filter((file) => /^\s*['"]use client['"]/.test(readFileSync(file, 'utf8')));
    expect(clientModules.length).toBeGreaterThan(5);
    for (const file of clientModules) {
      const server = [...reachedFrom(file, graph)].filter((reached) => reached.startsWith('server/'));
      expect(server, `${file} reaches the server's code`).toEqual([]);
    }
  });

  it('OpenTelemetry is loaded by one file, and only where it is wanted', () => {
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

  it('only Next finds default exports, and route handlers are a few lines', () => {
    const routes = files.filter((file) => file.endsWith('/route.ts'));
    expect(routes.length).toBeGreaterThan(3);
    for (const file of under('server', 'client')) {
      expect(readFileSync(file, 'utf8'), file).not.toMatch(/^export default/m);
    }
  });
});
