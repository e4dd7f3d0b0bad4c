import { vi } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import type { HttpServices } from '#server/http/handle-request.ts';
import { createLogger } from '#server/observability/log.ts';

/** The services of the HTTP layer. They record the log lines and the requests that are counted. */
export function recordedServices(variables: Record<string, string> = {}) {
  const lines: Record<string, unknown>[] = [];
  const counted: Parameters<HttpServices['metrics']['requestEnded']>[0][] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } });
  const services: HttpServices = {
    env: parseEnv({ SITE_URL: 'https://bff.example.org', ...variables }),
    log,
    metrics: { requestEnded: vi.fn((request) => void counted.push(request)) },
  };
  return { services, lines, counted };
}
