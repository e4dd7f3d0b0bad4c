import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type Env, parseEnv } from '#server/config/env.ts';
import { parseNetwork } from '#server/lib/network-address.ts';
import type { customSettings } from '../../server/custom/settings.ts';
import { baseUrls, errorOf, type Row, testSetting, upstreamUrls } from './setting-rows.ts';

/** The key of RFC 8037, appendix A.1. */
const clientKey = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

const proxyUrls: Pick<Row, 'valid' | 'invalid'> = {
  valid: [
    ['http://proxy.example.org:3128', 'http://proxy.example.org:3128'],
    ['https://user:hunter2@proxy.example.org', 'https://user:hunter2@proxy.example.org'],
    ['proxy.example.org:3128', 'http://proxy.example.org:3128'],
    ['http://10.0.0.1:3128', 'http://10.0.0.1:3128'],
  ],
  invalid: ['socks5://hunter2.example.org', 'http://user:hunter2@'],
};

/** All variables, except those of server/custom. The compiler reports missing ones. */
const table: Record<Exclude<keyof Env, keyof typeof customSettings>, Row> = {
  NODE_ENV: {
    unset: 'development',
    valid: [
      ['production', 'production'],
      ['test', 'test'],
    ],
    invalid: ['staging', 'Production'],
  },
  SITE_URL: {
    unset: 'http://localhost:3000',
    valid: baseUrls.valid.filter(([given]) => !given.includes('prefix')),
    invalid: [...baseUrls.invalid, 'https://example.org/hunter2'],
  },
  HSTS_SUBDOMAINS: {
    unset: false,
    valid: [['1', true]],
    invalid: ['yes'],
  },
  PORT: {
    unset: 3000,
    valid: [
      ['1', 1],
      ['8080', 8080],
      ['65535', 65_535],
    ],
    invalid: ['0', '65536', '-3', '80.5', 'eighty', 'NaN', 'Infinity', '80 81'],
  },
  HOST: {
    unset: undefined,
    valid: [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['fe80::1%eth0', 'fe80::1%eth0'],
      ['localhost', 'localhost'],
    ],
    invalid: ['http://127.0.0.1', '127.0.0.1/8', 'two words'],
  },
  WEB_CONCURRENCY: {
    unset: availableParallelism(),
    valid: [
      ['1', 1],
      ['16', 16],
      ['256', 256],
    ],
    invalid: ['0', '-1', '1.5', '257', 'auto', 'NaN', 'Infinity', '2 3'],
  },
  SHUTDOWN_DELAY: {
    unset: 0,
    valid: [
      ['0', 0],
      ['10', 10],
      ['300', 300],
    ],
    invalid: ['-1', '1.5', '301', '10s', 'NaN', 'Infinity'],
  },
  DATA_DIR: { unset: '.data', valid: [['/var/lib/typed-bff', '/var/lib/typed-bff']], invalid: [] },
  DEMO: {
    unset: false,
    valid: [
      ['1', true],
      ['true', true],
      ['0', false],
      ['false', false],
    ],
    invalid: ['yes', 'TRUE', '2'],
  },
  LOG_LEVEL: {
    unset: 'info',
    valid: [
      ['silent', 'silent'],
      ['trace', 'trace'],
    ],
    invalid: ['verbose', 'INFO'],
  },
  TRPC_RUNNER: { unset: 'fast', valid: [['trpc', 'trpc']], invalid: ['slow', 'FAST'] },
  TRUSTED_PROXY_HOPS: {
    unset: 0,
    valid: [
      ['0', 0],
      ['2', 2],
    ],
    invalid: ['-1', '1.5', 'all', '99999'],
  },
  ALLOWED_HOSTS: {
    unset: [],
    valid: [
      ['bff.example.org', ['bff.example.org']],
      ['bff, bff.internal,10.0.0.7', ['bff', 'bff.internal', '10.0.0.7']],
    ],
    invalid: ['https://bff.example.org', 'bff.example.org:3000', 'BFF.example.org', '*.example.org/', 'a b'],
  },
  ALLOWED_ORIGINS: {
    unset: [],
    valid: [
      ['https://app.example.org', ['https://app.example.org']],
      [
        'https://app.example.org, http://localhost:5173,',
        ['https://app.example.org', 'http://localhost:5173'],
      ],
      ...[
        'capacitor://localhost',
        'tauri://localhost',
        'ionic://localhost:8100',
        'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
        'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
        'app://-',
        'file://',
        'http://[::1]:3000',
        'https://xn--bcher-kva.example',
      ].map((origin): [string, string[]] => [origin, [origin]]),
    ],
    invalid: [
      '*',
      'https://*.example.org',
      'chrome-extension://*',
      'null',
      'capacitor://localhost/',
      'capacitor://LOCALHOST',
      'capacitor:localhost',
      'capacitor://',
      'app://user@host',
      'wss://app.example.org',
      'https://bücher.example',
      'https://app.example.org:443',
      'app.example.org',
      'https://app.example.org/',
      'https://a.example,hunter2.example',
    ],
  },
  SERVICE_KEYS: {
    unset: [],
    valid: [
      [
        `cron:${'ab'.repeat(32)}:mail+weather`,
        [{ name: 'cron', sha256: Buffer.alloc(32, 0xab), scopes: ['mail', 'weather'] }],
      ],
      [
        `ci:${'ab'.repeat(32)}:proxy.store+proxy.readings`,
        [{ name: 'ci', sha256: Buffer.alloc(32, 0xab), scopes: ['proxy.store', 'proxy.readings'] }],
      ],
    ],
    invalid: ['hunter2', 'cron:hunter2:mail', `cron:${'ab'.repeat(31)}`],
  },
  RATE_LIMITS: {
    unset: {
      light: { points: 300, windowSeconds: 60 },
      upstream: { points: 60, windowSeconds: 60 },
      mail: { points: 5, windowSeconds: 3600 },
      page: { points: 1_200, windowSeconds: 60 },
      signIn: { points: 60, windowSeconds: 300 },
      webhook: { points: 600, windowSeconds: 60 },
      mailSender: { points: 20, windowSeconds: 86_400 },
      mailSubnet: { points: 20, windowSeconds: 86_400 },
      mailNetwork: { points: 50, windowSeconds: 86_400 },
      mailSite: { points: 1_000, windowSeconds: 86_400 },
      mailSuspected: { points: 200, windowSeconds: 86_400 },
      mailAddress: { points: 3, windowSeconds: 900 },
      mailAddressDaily: { points: 10, windowSeconds: 86_400 },
      mailAddressTotal: { points: 40, windowSeconds: 86_400 },
      signInMailClient: { points: 50, windowSeconds: 3_600 },
      signInMailSite: { points: 5_000, windowSeconds: 86_400 },
    },
    valid: [
      [
        'mail=1/10, light=7/8, mailSite=2/3',
        {
          light: { points: 7, windowSeconds: 8 },
          upstream: { points: 60, windowSeconds: 60 },
          mail: { points: 1, windowSeconds: 10 },
          page: { points: 1_200, windowSeconds: 60 },
          signIn: { points: 60, windowSeconds: 300 },
          webhook: { points: 600, windowSeconds: 60 },
          mailSender: { points: 20, windowSeconds: 86_400 },
          mailSubnet: { points: 20, windowSeconds: 86_400 },
          mailNetwork: { points: 50, windowSeconds: 86_400 },
          mailSite: { points: 2, windowSeconds: 3 },
          mailSuspected: { points: 200, windowSeconds: 86_400 },
          mailAddress: { points: 3, windowSeconds: 900 },
          mailAddressDaily: { points: 10, windowSeconds: 86_400 },
          mailAddressTotal: { points: 40, windowSeconds: 86_400 },
          signInMailClient: { points: 50, windowSeconds: 3_600 },
          signInMailSite: { points: 5_000, windowSeconds: 86_400 },
        },
      ],
    ],
    invalid: ['5/3600', 'mail=0/60', 'mail=5', 'other=5/60', 'mail=5/60;light=1/1'],
  },
  REDIS_URL: {
    unset: undefined,
    valid: [
      ['redis://localhost:6379', 'redis://localhost:6379'],
      ['rediss://:hunter2@redis.example.org', 'rediss://:hunter2@redis.example.org'],
    ],
    invalid: ['localhost:6379', 'http://:hunter2@redis.example.org', 'redis://:6379'],
  },
  DATABASE_URL: {
    unset: undefined,
    valid: [['postgres://bff:hunter2@localhost:5432/bff', 'postgres://bff:hunter2@localhost:5432/bff']],
    invalid: ['localhost:5432', 'mysql://bff:hunter2@localhost/bff', 'postgres://:5432'],
  },
  BUCKETS_URL: {
    unset: undefined,
    valid: [
      ['https://s3.eu-central-1.amazonaws.com/files/', 'https://s3.eu-central-1.amazonaws.com/files'],
      ['http://localhost:9000/files/typed-bff', 'http://localhost:9000/files/typed-bff'],
    ],
    invalid: [
      's3.example.org/files',
      's3://files',
      'https://key:hunter2@s3.example.org/files',
      'http://10.9.8.7/files',
    ],
  },
  BUCKETS_REGION: {
    unset: 'us-east-1',
    valid: [
      ['eu-central-1', 'eu-central-1'],
      ['auto', 'auto'],
    ],
    invalid: ['hunter2 region', 'EU/hunter2'],
  },
  BUCKETS_ACCESS_KEY_ID: {
    unset: undefined,
    valid: [['AKIA0123', 'AKIA0123']],
    invalid: ['hunter2 key', 'hunter2/key'],
  },
  BUCKETS_SECRET_ACCESS_KEY: {
    unset: undefined,
    valid: [['wJalr/XUtn+FEMI=', 'wJalr/XUtn+FEMI=']],
    invalid: ['hunter2 secret', 'hunter2\nsecret'],
  },
  SMTP_URL: {
    unset: undefined,
    valid: [
      ['smtp://localhost:2525', 'smtp://localhost:2525'],
      ['smtps://user:password@mail.example.org', 'smtps://user:password@mail.example.org'],
    ],
    invalid: ['localhost:2525', 'http://user:hunter2@mail.example.org', 'smtp://:2525', 'smtp:mail'],
  },
  MAIL_TO: {
    unset: 'owner@localhost.invalid',
    valid: [
      ['me@example.org', 'me@example.org'],
      ['ivan@xn--e1afmkfd.xn--p1ai', 'ivan@xn--e1afmkfd.xn--p1ai'],
      ['first&last@münchen.example', 'first&last@xn--mnchen-3ya.example'],
    ],
    invalid: ['me', 'me@', 'Me <me@example.org>', 'me@example.org, you@example.org'],
  },
  MAIL_FROM: {
    unset: 'website@localhost.invalid',
    valid: [
      ['site@example.org', 'site@example.org'],
      ['site@пример.рф', 'site@xn--e1afmkfd.xn--p1ai'],
    ],
    invalid: ['site', 'site@example.org\nbcc: all@example.org'],
  },
  UPSTREAM_NETWORKS: {
    unset: [],
    valid: [
      ['10.0.0.0/8, fd00::/8', ['10.0.0.0/8', 'fd00::/8'].map(networkOf)],
      ['10.9.8.7', [networkOf('10.9.8.7')]],
    ],
    invalid: ['10.0.0.0/33', 'hunter2.internal', '169.254.169.254/32', '10.0.0.0/8,fe80::/10'],
  },
  HTTP_PROXY: { unset: undefined, ...proxyUrls },
  HTTPS_PROXY: { unset: undefined, ...proxyUrls },
  NO_PROXY: { unset: undefined, valid: [['.internal,minio', '.internal,minio']], invalid: [] },
  FIXTURE_READINGS_URL: { unset: 'https://readings.example.org', ...upstreamUrls },
  FIXTURE_SEARCH_URL: { unset: 'https://search.example.org', ...upstreamUrls },
  FIXTURE_ITEMS_URL: { unset: 'https://items.example.org', ...upstreamUrls },
  FIXTURE_ARCHIVES_URL: { unset: 'https://archives.example.org', ...upstreamUrls },
  FIXTURE_STORE_URL: { unset: undefined, ...upstreamUrls },
  FIXTURE_DRAFTS_URL: { unset: undefined, ...upstreamUrls },
  FIXTURE_ITEMS_TOKEN: { unset: undefined, valid: [['a token', 'a token']], invalid: [] },
  FEED_SOURCE_URL: {
    unset: undefined,
    valid: [
      ['https://example.org/feed.json', 'https://example.org/feed.json'],
      ['https://example.org/feed?format=json', 'https://example.org/feed?format=json'],
    ],
    invalid: ['example.org/feed.json', 'file:///etc/passwd', 'http://192.168.1.20:3000/api/posts'],
  },
  OIDC_ISSUER: {
    unset: undefined,
    valid: [
      ['https://id.example.org/realms/people', 'https://id.example.org/realms/people'],
      ['https://tenant.example.org/', 'https://tenant.example.org/'],
      ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ],
    invalid: [
      'id.example.org',
      'https://id.example.org/?hunter2',
      'https://hunter2:x@id.example.org',
      'https://10.9.8.7',
      'https://169.254.169.254/latest',
    ],
  },
  OIDC_CLIENT_ID: { unset: undefined, valid: [['site', 'site']], invalid: [] },
  OIDC_CLIENT_SECRET: { unset: undefined, valid: [['a secret', 'a secret']], invalid: [] },
  OIDC_CLIENT_KEY: {
    unset: undefined,
    valid: [
      [
        JSON.stringify({ ...clientKey, alg: 'Ed25519', kid: '1' }),
        { ...clientKey, alg: 'Ed25519', kid: '1' },
      ],
      [Buffer.from(JSON.stringify(clientKey)).toString('base64'), { ...clientKey, alg: 'EdDSA' }],
    ],
    invalid: ['{"kty":"EC","x":"hunter2"}', '{"kty":"oct","d":"hunter2"}', '{hunter2', 'hunter2'],
  },
  OIDC_NAME: { unset: undefined, valid: [['Example', 'Example']], invalid: [`hunter2 ${'x'.repeat(60)}`] },
  API_AUDIENCE: {
    unset: undefined,
    valid: [
      ['https://api.example.org', 'https://api.example.org'],
      ['api://orders', 'api://orders'],
      ['a'.repeat(255), 'a'.repeat(255)],
    ],
    invalid: ['two words', 'a"b', 'a'.repeat(256)],
  },
  OIDC_SCOPES: {
    unset: ['openid', 'profile', 'email'],
    valid: [['openid, offline_access', ['openid', 'offline_access']]],
    invalid: ['profile,hunter2', 'openid,"hunter2"', 'openid hunter2'],
  },
  OIDC_ROLES_CLAIM: { unset: 'roles', valid: [['realm_access.roles', 'realm_access.roles']], invalid: [] },
  EMAIL_SIGN_IN: {
    unset: undefined,
    valid: [
      [
        'Ada@example.org, example.com,EXAMPLE.net',
        {
          any: false,
          addresses: new Set(['ada@example.org']),
          domains: new Set(['example.com', 'example.net']),
        },
      ],
      ['*', { any: true, addresses: new Set(), domains: new Set() }],
      [
        'ada@xn--mnchen-3ya.example',
        { any: false, addresses: new Set(['ada@xn--mnchen-3ya.example']), domains: new Set() },
      ],
    ],
    invalid: [
      '@hunter2.example',
      'hunter2@',
      '*.hunter2.example',
      'hunter2 example',
      'https://hunter2.example',
    ],
  },
  ROLES: {
    unset: new Map(),
    valid: [
      [
        'admin=Ada@example.org, editor=ada@example.org,editor=bob@example.org',
        new Map([
          ['ada@example.org', ['admin', 'editor']],
          ['bob@example.org', ['editor']],
        ]),
      ],
    ],
    invalid: [
      'hunter2',
      'Admin=hunter2@example.org',
      'admin=hunter2',
      'a=hunter2@example.org=b',
      '=hunter2@example.org',
    ],
  },
  STATUS_ROLES: {
    unset: [],
    valid: [['admin, operator', ['admin', 'operator']]],
    invalid: ['Hunter2', 'hunter 2', 'admin=hunter2@example.org'],
  },
  SESSION_SECRETS: {
    unset: [],
    valid: [[`${'a'.repeat(32)}, ${'b'.repeat(40)}`, ['a'.repeat(32), 'b'.repeat(40)]]],
    invalid: ['hunter2', `${'a'.repeat(32)},hunter2`],
  },
  SESSION_IDLE: { unset: 86_400, valid: [['60', 60]], invalid: ['59', '31622401', '1h', '-1'] },
  SESSION_LIFETIME: { unset: 604_800, valid: [['31622400', 31_622_400]], invalid: ['0', '31622401', '7d'] },
  REVALIDATE_SECRET: {
    unset: undefined,
    valid: [
      ['0123456789abcdef0123456789abcdef', '0123456789abcdef0123456789abcdef'],
      [`whsec_${'A'.repeat(31)}=`, `whsec_${'A'.repeat(31)}=`],
    ],
    invalid: ['hunter2', `whsec_hunter2${'A'.repeat(26)}`, `whsec_${'hunter2-'.repeat(4)}`],
  },
  WEBHOOK_SECRETS: {
    unset: new Map(),
    valid: [
      [
        'orders=new-secret-16-characters, ci-runs=whsec_c2VjcmV0c2VjcmV0,orders=old=secret=16-characters',
        new Map([
          ['orders', ['new-secret-16-characters', 'old=secret=16-characters']],
          ['ci-runs', ['whsec_c2VjcmV0c2VjcmV0']],
        ]),
      ],
    ],
    invalid: [
      'hunter2',
      'orders=hunter2',
      '=hunter2-of-16-characters',
      'Orders=hunter2-of-16-characters',
      'a--b=hunter2-of-16-characters',
      'orders=hunter2 of 16 characters',
      'orders=hunter2-of-16-characters,hunter2',
    ],
  },
  SECURITY_CONTACT: {
    unset: undefined,
    valid: [
      ['mailto:security@example.org', 'mailto:security@example.org'],
      ['https://example.org/security', 'https://example.org/security'],
      ['tel:+1-201-555-0123', 'tel:+1-201-555-0123'],
    ],
    invalid: ['security@example.org', 'http://example.org/', 'https://example.org/\nExpires: never'],
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: { unset: undefined, ...baseUrls },
  OTEL_TRACES_EXPORTER: { unset: 'otlp', valid: [['none', 'none']], invalid: ['zipkin', 'OTLP'] },
  OTEL_METRICS_EXPORTER: { unset: 'otlp', valid: [['none', 'none']], invalid: ['prometheus'] },
  OTEL_TRACES_SAMPLER: {
    unset: 'parentbased_always_on',
    valid: [
      ['always_off', 'always_off'],
      ['parentbased_traceidratio', 'parentbased_traceidratio'],
    ],
    invalid: ['ALWAYS_ON', 'jaeger_remote', 'all'],
  },
  OTEL_TRACES_SAMPLER_ARG: {
    unset: 1,
    valid: [
      ['0', 0],
      ['0.25', 0.25],
    ],
    invalid: ['-0.1', '1.1', '10%', 'NaN', 'endpoint=http://hunter2'],
  },
  OTEL_BSP_SCHEDULE_DELAY: {
    unset: 5_000,
    valid: [['100', 100]],
    invalid: ['0', '1.5', '5s', 'Infinity', '2147483648'],
  },
  OTEL_BSP_MAX_QUEUE_SIZE: { unset: 2_048, valid: [['1', 1]], invalid: ['0', '1.5', '100001', 'many'] },
  OTEL_METRIC_EXPORT_INTERVAL: {
    unset: 60_000,
    valid: [['10000', 10_000]],
    invalid: ['0', '1.5', '1m', 'Infinity', '2147483648'],
  },
};

function networkOf(text: string) {
  const network = parseNetwork(text);
  if (!network) throw new Error(`${text} is not a network`);
  return network;
}

const names = Object.keys(table).filter((name): name is keyof typeof table => name in table);
describe.each(names)('%s', (name) => testSetting(name, table[name]));

test('the error names all invalid variables and no valid one', () => {
  const { message } = errorOf({
    PORT: 'eighty',
    SITE_URL: 'nowhere',
    LOG_LEVEL: 'loud',
    TRPC_RUNNER: 'PATCH',
    FIXTURE_ITEMS_URL: 'https://items.example.org',
  });
  for (const name of ['PORT', 'SITE_URL', 'LOG_LEVEL', 'TRPC_RUNNER'])
    expect(message).toContain(`  ${name}: `);
  expect(message).not.toContain('FIXTURE_ITEMS_URL');
  expect(message).not.toMatch(/eighty|nowhere|loud|PATCH/);
});

test.each([{}, { MAIL_TO: 'me@example.org' }, { MAIL_FROM: 'site@example.org' }])(
  'SMTP_URL with only %j is rejected, because the recipient or the sender is missing',
  (addresses) => {
    const { message } = errorOf({ SMTP_URL: 'smtp://user:password@mail.example.org', ...addresses });
    expect(message).toContain('MAIL_TO');
    expect(message).toContain('MAIL_FROM');
    expect(message).not.toMatch(/user|password|mail\.example\.org/);
  },
);

test('private addresses of upstreams are accepted in the networks that the operator names', () => {
  const networks = { UPSTREAM_NETWORKS: '10.0.0.0/8,192.168.1.0/24,fd00::/8' };
  const urls = {
    FIXTURE_STORE_URL: 'http://10.9.8.7:9000',
    FIXTURE_ITEMS_URL: 'http://[fd00::1]:9000',
    FEED_SOURCE_URL: 'http://192.168.1.20:3000/api/posts',
  };
  expect(parseEnv({ ...networks, ...urls })).toMatchObject(urls);
  expect(errorOf({ ...networks, FIXTURE_STORE_URL: 'http://192.168.2.1' }).message).toContain(
    '  FIXTURE_STORE_URL: ',
  );
});

test.each(['169.254.169.254', '168.63.129.16', '[fd00:ec2::254]', '[::ffff:169.254.169.254]'])(
  'the metadata address %s is rejected whatever the networks',
  (host) => {
    const networks = { UPSTREAM_NETWORKS: '0.0.0.0/0,::/0' };
    const { message } = errorOf({ ...networks, FIXTURE_STORE_URL: `http://${host}/` });
    expect(message).toContain('  FIXTURE_STORE_URL: ');
    expect(message).not.toContain(host);
  },
);

test('a proxy can be set in lower case, and the upper case wins', () => {
  expect(parseEnv({ https_proxy: 'http://lower:3128' }).HTTPS_PROXY).toBe('http://lower:3128');
  expect(parseEnv({ https_proxy: 'http://lower:3128', HTTPS_PROXY: 'http://upper:3128' }).HTTPS_PROXY).toBe(
    'http://upper:3128',
  );
  expect(parseEnv({ no_proxy: '.internal', NO_PROXY: '' }).NO_PROXY).toBe('.internal');
});

test('SITE_URL defaults to the port on localhost', () => {
  expect(parseEnv({ PORT: '4000' }).SITE_URL).toBe('http://localhost:4000');
  expect(parseEnv({ PORT: '4000', SITE_URL: 'https://example.org' }).SITE_URL).toBe('https://example.org');
});

test('unknown variables are ignored', () => {
  expect(parseEnv({ HOME: '/root', TYPED_BFF: 'x' })).toEqual(parseEnv({}));
});
