import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { customSettings, customUpstreamUrls } from '#server/custom/settings.ts';
import { emailAddress } from '../lib/email-address.ts';
import { isAllowedAddress, isLoopbackHost, literalAddressOf } from '../lib/network-address.ts';
import { defineSingleton } from '../lib/singleton.ts';
import { isStandardSecret } from '../lib/webhook-secret.ts';
import {
  allowedAddressesSchema,
  networksSchema,
  privateKeyJson,
  proxyUrlSchema,
  rateLimitsSchema,
  roleNamesSchema,
  rolesSchema,
  serviceKeysSchema,
  splitList,
  webhookSecretsSchema,
} from './env-formats.ts';
import { limits } from './limits.ts';
import { baseUrl, httpUrl, withoutCredentials } from './url-settings.ts';

/**
 * An origin in the exact form of a browser's Origin header (RFC 6454, section 6.2). Apps and extensions have schemes of
 * their own, such as `capacitor://localhost`.
 */
const origin = z
  .string()
  .refine((value) => !value.includes('*'), {
    error: 'contains a *, which would match no origin: list each origin',
    abort: true,
  })
  .refine((value) => value !== 'null', {
    error: 'is the origin of pages without one, which any page can have: list the origin of the page',
    abort: true,
  })
  .refine(
    isSerializedOrigin,
    'must be an origin as browsers send it, such as https://site.example or ionic://localhost: in lower case, without a path, a trailing slash or the default port',
  );

function isSerializedOrigin(value: string): boolean {
  const url = URL.parse(value);
  if (!url || ['ws:', 'wss:', 'ftp:'].includes(url.protocol)) return false;
  if (url.origin !== 'null') return url.origin === value;
  // The URL parser has no origin for the schemes of apps and extensions.
  return value === 'file://' || /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@A-Z]+$/.test(value);
}

/** A host name or IP address, in the form of the URL parser. */
const hostName = z
  .string()
  .refine(
    (value) => URL.parse(`http://${value}`)?.hostname === value,
    'must be host names such as bff.example.org, without a scheme or port',
  );

const flag = z.enum(['0', '1', 'true', 'false']).transform((value) => value === '1' || value === 'true');

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(error).int(error).min(min, error).max(max, error);
}

/** A duration in milliseconds. The maximum is the longest delay of a timer. */
const milliseconds = wholeNumber(10, 2 ** 31 - 1);

/** Returns one worker for each core, but no more than the memory limit of a container bears. */
function defaultWorkers(): number {
  const { workers, workerMemory } = limits.cluster;
  // Without a limit of the control group, it is the memory of the machine, a huge number, or 0 if it is unknown.
  const memory = process.constrainedMemory();
  const byMemory = memory > 0 ? Math.floor(memory / workerMemory) : workers;
  return Math.max(1, Math.min(availableParallelism(), byMemory, workers));
}

const samplerArgument = 'must be a number from 0 to 1';

const environmentSchema = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  SITE_URL: baseUrl
    .refine(
      (value) => new URL(value).pathname === '/',
      'must not have a path: the product is served at the root of its host',
    )
    .optional(),
  HSTS_SUBDOMAINS: flag.default(false),
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, 'must be an IP address or a host name, without a port')
    .optional(),
  PORT: wholeNumber(1, 65_535).default(3000),
  WEB_CONCURRENCY: wholeNumber(1, limits.cluster.workers).default(defaultWorkers),
  SHUTDOWN_DELAY: wholeNumber(0, limits.maxShutdownDelaySeconds).default(0),
  DATA_DIR: z.string().default('.data'),
  DEMO: flag.default(false),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TRPC_RUNNER: z.enum(['fast', 'trpc']).default('fast'),

  TRUSTED_PROXY_HOPS: wholeNumber(0, 10).default(0),
  ALLOWED_HOSTS: z.string().default('').transform(splitList).pipe(z.array(hostName)),
  ALLOWED_ORIGINS: z.string().default('').transform(splitList).pipe(z.array(origin)),
  SERVICE_KEYS: serviceKeysSchema,
  STATUS_ROLES: roleNamesSchema,
  RATE_LIMITS: rateLimitsSchema,
  REDIS_URL: z.url({ protocol: /^rediss?$/, hostname: /./, error: 'must be redis://host:port' }).optional(),

  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      hostname: /./,
      error: 'must be postgres://user:password@host:5432/database',
    })
    .optional(),
  BUCKETS_URL: baseUrl.optional(),
  BUCKETS_REGION: z
    .string()
    .regex(/^[a-z\d-]{1,64}$/, 'must be the name of a region, such as eu-central-1')
    .default('us-east-1'),
  BUCKETS_ACCESS_KEY_ID: z
    .string()
    .regex(/^[\w.-]{1,128}$/, 'must be an access key id')
    .optional(),
  BUCKETS_SECRET_ACCESS_KEY: z
    .string()
    .regex(/^[!-~]+$/, 'must be one word of printable ASCII')
    .optional(),
  SMTP_URL: z
    .url({
      protocol: /^smtps?$/,
      hostname: /./,
      error: 'must be smtp://host:port or smtps://user:password@host:port',
    })
    .optional(),
  MAIL_TO: emailAddress('must be an email address').default('owner@localhost.invalid'),
  MAIL_FROM: emailAddress('must be an email address').default('website@localhost.invalid'),

  // The issuer is compared with the one in the provider's metadata, so it keeps its trailing slash.
  OIDC_ISSUER: httpUrl
    .refine((value) => !/[?#]/.test(value), 'must not have a query or fragment')
    .refine(withoutCredentials, 'must not contain a user name or password')
    .optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_CLIENT_KEY: privateKeyJson.optional(),
  OIDC_NAME: z.string().max(60, 'must have at most 60 characters').optional(),
  API_AUDIENCE: z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'must have 1 to 255 printable characters without spaces')
    .optional(),
  OIDC_SCOPES: z
    .string()
    .default('openid,profile,email')
    .transform(splitList)
    .refine(
      (scopes) =>
        scopes.includes('openid') && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)),
      'must be a comma-separated list of scopes with openid',
    ),
  OIDC_ROLES_CLAIM: z.string().default('roles'),
  ROLES: rolesSchema,
  EMAIL_SIGN_IN: allowedAddressesSchema.optional(),
  SESSION_SECRETS: z
    .string()
    .default('')
    .transform(splitList)
    .pipe(
      z.array(
        z
          .string()
          .min(
            limits.identity.secretLength,
            `must have at least ${limits.identity.secretLength} characters each`,
          ),
      ),
    ),
  SESSION_IDLE: wholeNumber(60, 366 * 86_400).default(24 * 3_600),
  SESSION_LIFETIME: wholeNumber(60, 366 * 86_400).default(7 * 86_400),

  UPSTREAM_NETWORKS: networksSchema,
  HTTP_PROXY: proxyUrlSchema.optional(),
  HTTPS_PROXY: proxyUrlSchema.optional(),
  NO_PROXY: z.string().optional(),
  ...customSettings,
  FEED_SOURCE_URL: httpUrl.refine(withoutCredentials, 'must not contain a user name or password').optional(),
  REVALIDATE_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .refine(
      (secret) => !secret.startsWith('whsec_') || isStandardSecret(secret),
      'must be Base64 after whsec_',
    )
    .optional(),
  WEBHOOK_SECRETS: webhookSecretsSchema,
  SECURITY_CONTACT: z
    .string()
    .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+|tel:\+?[\d-]+)$/, 'must be a mailto:, https: or tel: URI')
    .optional(),

  // OpenTelemetry's own names, https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. The
  // SDK itself reads those of the exporter and of the resource.
  OTEL_EXPORTER_OTLP_ENDPOINT: baseUrl.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).default('otlp'),
  OTEL_METRICS_EXPORTER: z.enum(['otlp', 'none']).default('otlp'),
  OTEL_TRACES_SAMPLER: z
    .enum([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ])
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number(samplerArgument)
    .min(0, samplerArgument)
    .max(1, samplerArgument)
    .default(1),
  OTEL_BSP_SCHEDULE_DELAY: milliseconds.default(5_000),
  OTEL_BSP_MAX_QUEUE_SIZE: wholeNumber(1, 100_000).default(2_048),
  OTEL_METRIC_EXPORT_INTERVAL: milliseconds.default(60_000),
});

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(environmentSchema.shape);

export type Env = Readonly<Omit<z.infer<typeof environmentSchema>, 'SITE_URL'> & { SITE_URL: string }>;

/** The settings that are the URL of an upstream. */
const upstreamUrls = [
  ...customUpstreamUrls,
  'FEED_SOURCE_URL',
  'OIDC_ISSUER',
  'BUCKETS_URL',
] as const satisfies readonly (keyof Env)[];

/** Settings that other programs read in lower case, too. */
const proxySettings: readonly string[] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] satisfies (keyof Env)[];

/** Returns whether a setting is also read in lower case. */
export const acceptsLowerCase = (name: string): boolean => proxySettings.includes(name);

/**
 * Invalid environment variables, which prevent the start. The message names each one and describes its valid values.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Parses and validates the settings. Empty values count as unset. The error never contains the values, because they
 * may be secrets.
 *
 * @throws ConfigurationError that names every invalid variable
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const lowerCase = proxySettings.map((name) => [name, source[name.toLowerCase()]] as const);
  const given = Object.fromEntries(
    [...lowerCase, ...Object.entries(source)].filter(
      ([, value]) => value !== undefined && value.trim() !== '',
    ),
  );
  const result = environmentSchema.safeParse(given);
  if (!result.success) {
    throw invalidSettings(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  }
  const env = result.data;
  if (env.SMTP_URL && (env.MAIL_TO.endsWith('.invalid') || env.MAIL_FROM.endsWith('.invalid'))) {
    throw new ConfigurationError(
      'SMTP_URL is set, so MAIL_TO (the recipient) and MAIL_FROM (the sender) must be set too.',
    );
  }
  const rejected = upstreamUrls.filter((name) => !hasAllowedHost(env[name], env.UPSTREAM_NETWORKS));
  if (rejected.length > 0) {
    const problem =
      'the address is not public. UPSTREAM_NETWORKS allows networks of your own, but no link-local or metadata addresses';
    throw invalidSettings(rejected.map((name) => `${name}: ${problem}`));
  }
  const complete = { ...env, SITE_URL: env.SITE_URL ?? `http://localhost:${env.PORT}` };
  checkSignIn(complete);
  checkBuckets(complete);
  return complete;
}

/** @throws ConfigurationError if the settings of the object storage are incomplete */
function checkBuckets({ BUCKETS_URL, BUCKETS_ACCESS_KEY_ID, BUCKETS_SECRET_ACCESS_KEY }: Env): void {
  const given = [BUCKETS_URL, BUCKETS_ACCESS_KEY_ID, BUCKETS_SECRET_ACCESS_KEY];
  if (given.every((value) => value === undefined) || given.every((value) => value !== undefined)) return;
  throw new ConfigurationError(
    'BUCKETS_URL, BUCKETS_ACCESS_KEY_ID and BUCKETS_SECRET_ACCESS_KEY must be set together, or none of them.',
  );
}

/** @throws ConfigurationError if the settings of sign-in do not go together */
function checkSignIn(env: Env): void {
  const { OIDC_ISSUER, EMAIL_SIGN_IN, SITE_URL } = env;
  checkProvider(env);
  if (OIDC_ISSUER === undefined && EMAIL_SIGN_IN === undefined) return;
  checkMailsForSignIn(env);
  for (const [name, url] of [
    ['SITE_URL', SITE_URL],
    ['OIDC_ISSUER', OIDC_ISSUER],
  ] as const) {
    if (url === undefined) continue;
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !isLoopbackHost(hostname)) {
      throw new ConfigurationError(
        `For signing in, ${name} must be an https:// URL, except on this machine.`,
      );
    }
  }
  if (env.DATABASE_URL !== undefined && env.SESSION_SECRETS.length === 0) {
    const name = OIDC_ISSUER === undefined ? 'EMAIL_SIGN_IN' : 'OIDC_ISSUER';
    throw new ConfigurationError(
      `${name} and DATABASE_URL are set, so SESSION_SECRETS must be set too, to the same in all instances.`,
    );
  }
}

/** @throws ConfigurationError if the settings of the provider are incomplete */
function checkProvider({ OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_CLIENT_KEY }: Env): void {
  if (OIDC_ISSUER === undefined) {
    if (OIDC_CLIENT_ID === undefined) return;
    throw new ConfigurationError('OIDC_CLIENT_ID is set, so OIDC_ISSUER must be set too.');
  }
  const hasCredential = OIDC_CLIENT_SECRET !== undefined || OIDC_CLIENT_KEY !== undefined;
  if (OIDC_CLIENT_ID !== undefined && hasCredential) return;
  throw new ConfigurationError(
    'OIDC_ISSUER is set, so OIDC_CLIENT_ID and OIDC_CLIENT_SECRET or OIDC_CLIENT_KEY must be set too.',
  );
}

/** @throws ConfigurationError if mails for signing in could not be sent: they must not wait until they can */
function checkMailsForSignIn({ EMAIL_SIGN_IN, SMTP_URL, NODE_ENV, DEMO }: Env): void {
  if (EMAIL_SIGN_IN === undefined || SMTP_URL !== undefined || NODE_ENV !== 'production' || DEMO) return;
  throw new ConfigurationError('EMAIL_SIGN_IN is set, so SMTP_URL must be set too.');
}

function invalidSettings(problems: string[]): ConfigurationError {
  const lines = [...new Set(problems)].map((problem) => `  ${problem}`);
  return new ConfigurationError(
    `The environment has invalid settings:\n${lines.join('\n')}\nCorrect or unset them; docs/configuration.md lists all settings.`,
  );
}

/** Returns whether connections may go to the host of a URL. Names are not resolved, so they are accepted here. */
function hasAllowedHost(url: string | undefined, networks: Env['UPSTREAM_NETWORKS']): boolean {
  const address = url === undefined ? undefined : literalAddressOf(new URL(url).hostname);
  return address === undefined || isAllowedAddress(address, { loopback: true, networks });
}

const processEnv = defineSingleton('env', () => parseEnv(process.env));

/** Returns the settings of this process. */
export function env(): Env {
  return processEnv.get();
}
