/** Packages that are native or load modules dynamically. They are not bundled: Node loads them from node_modules. */
export const externalPackages = [
  'better-sqlite3',
  'nodemailer',
  'pg',
  'pino',
  'undici',
  '@opentelemetry/api',
  '@opentelemetry/exporter-metrics-otlp-http',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace',
] as const;
