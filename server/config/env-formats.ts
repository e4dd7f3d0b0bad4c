import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { emailAddress } from '../lib/email-address.ts';
import { type Network, parseNetwork } from '../lib/network-address.ts';
import { limits } from './limits.ts';
import { type RateLimits, rateLimitNames } from './rate-limits.ts';

/** Returns the non-empty items of a comma-separated list. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const defaultRateLimits: RateLimits = {
  light: { points: 300, windowSeconds: 60 },
  upstream: { points: 60, windowSeconds: 60 },
  mail: { points: 5, windowSeconds: 3600 },
  page: { points: 1_200, windowSeconds: 60 },
  signIn: { points: 60, windowSeconds: 300 },
  webhook: { points: 600, windowSeconds: 60 },
  mailAddress: { points: 3, windowSeconds: 900 },
  mailAddressDaily: { points: 10, windowSeconds: 86_400 },
  mailAddressTotal: { points: 40, windowSeconds: 86_400 },
  signInMailClient: { points: 50, windowSeconds: 3_600 },
  signInMailSite: { points: 5_000, windowSeconds: 86_400 },
  mailSender: { points: 20, windowSeconds: 86_400 },
  mailSubnet: { points: 20, windowSeconds: 86_400 },
  mailNetwork: { points: 50, windowSeconds: 86_400 },
  mailSite: { points: 1_000, windowSeconds: 86_400 },
  mailSuspected: { points: 200, windowSeconds: 86_400 },
};

const { maxWindowSeconds } = limits.rateLimit;

const isRateLimit = (name = '') => rateLimitNames.some((known) => known === name);

const rateLimitEntry = z
  .string()
  .refine((entry) => /^\w+=[1-9]\d{0,8}\/[1-9]\d{0,6}$/.test(entry) && isRateLimit(entry.split('=')[0]), {
    error: 'must be class=points/seconds, such as light=300/60',
    abort: true,
  })
  .refine(
    (entry) => Number(entry.split('/')[1]) <= maxWindowSeconds,
    `must have a window of at most ${maxWindowSeconds} seconds`,
  );

/** `light=300/60,upstream=60/60,mail=5/3600`: points and seconds of each class. Omitted classes keep their defaults. */
export const rateLimitsSchema = z
  .string()
  .default('')
  .transform(splitList)
  .pipe(z.array(rateLimitEntry))
  .transform((entries): RateLimits => {
    const given = entries.map((entry) => {
      const [name = '', points, windowSeconds] = entry.split(/[=/]/);
      return [name, { points: Number(points), windowSeconds: Number(windowSeconds) }] as const;
    });
    return { ...defaultRateLimits, ...Object.fromEntries(given) };
  });

function isServiceKey(entry: string): boolean {
  const [name = '', sha256 = '', scopes, ...rest] = entry.split(':');
  return (
    /^[\w-]{1,64}$/.test(name) &&
    /^[\da-f]{64}$/.test(sha256) &&
    (scopes === undefined || scopes.split('+').every((scope) => /^[a-z][\w.-]*$/.test(scope))) &&
    rest.length === 0
  );
}

const serviceKeyEntry = z
  .string()
  .refine(isServiceKey, 'must be name:sha256:scope+scope, as printed by npm run key');

/** Comma-separated `name:sha256:scope+scope`. The keys themselves are not part of the configuration. */
export const serviceKeysSchema = z
  .string()
  .default('')
  .transform(splitList)
  .pipe(z.array(serviceKeyEntry))
  .transform((entries) =>
    entries.map((entry) => {
      const [name = '', sha256 = '', scopes = ''] = entry.split(':');
      return { name, sha256: Buffer.from(sha256, 'hex'), scopes: scopes === '' ? [] : scopes.split('+') };
    }),
  );

/** Networks in CIDR notation and single addresses. */
export const networksSchema = z
  .string()
  .default('')
  .transform(splitList)
  .pipe(
    z.array(
      z.string().transform((text, ctx): Network => {
        const network = parseNetwork(text);
        if (network) return network;
        ctx.addIssue(
          'must be networks such as 10.0.0.0/8 or fd00::/8. Link-local networks and addresses of metadata services cannot be allowed',
        );
        return z.NEVER;
      }),
    ),
  );

/** URL of an outbound proxy. Many systems set it without a scheme. */
export const proxyUrlSchema = z
  .string()
  .transform((text) => (text.includes('://') ? text : `http://${text}`))
  .pipe(
    z.url({ protocol: /^https?$/, hostname: /./, error: 'must be http://host:port or https://host:port' }),
  );

/** Addresses in lower case, and domains of which all addresses count. */
export type AllowedAddresses = {
  /** True if every address counts. */
  any: boolean;
  addresses: ReadonlySet<string>;
  domains: ReadonlySet<string>;
};

const allowedDomain = /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)*[a-z\d](?:[a-z\d-]*[a-z\d])?$/;

function isAllowedEntry(entry: string): boolean {
  if (entry.includes('@')) return emailAddress('').safeParse(entry).success;
  return entry === '*' || allowedDomain.test(entry);
}

/** `ada@example.org,example.com`: addresses, and domains without their subdomains; `*` for every address. */
export const allowedAddressesSchema = z
  .string()
  .transform((text) => splitList(text.toLowerCase()))
  .pipe(
    z.array(
      z
        .string()
        .refine(
          isAllowedEntry,
          'must be *, or addresses and domains such as ada@example.org,example.com, with domains in their ASCII form',
        ),
    ),
  )
  .transform(
    (entries): AllowedAddresses => ({
      any: entries.includes('*'),
      addresses: new Set(entries.filter((entry) => entry.includes('@'))),
      domains: new Set(entries.filter((entry) => !entry.includes('@') && entry !== '*')),
    }),
  );

const role = /^[a-z][\w-]{0,63}$/;

const roleEntry = z.string().refine((entry) => {
  const [name = '', address = '', ...rest] = entry.split('=');
  return role.test(name) && z.email().safeParse(address).success && rest.length === 0;
}, 'must be role=address, such as admin=ada@example.org');

/** `admin=ada@example.org,editor=ada@example.org`: roles by address in lower case. */
export const rolesSchema = z
  .string()
  .default('')
  .transform(splitList)
  .pipe(z.array(roleEntry))
  .transform((entries): ReadonlyMap<string, readonly string[]> => {
    const roles = new Map<string, string[]>();
    for (const entry of entries) {
      const [name = '', address = ''] = entry.split('=');
      const key = address.toLowerCase();
      roles.set(key, [...(roles.get(key) ?? []), name]);
    }
    return roles;
  });

/** `admin,operator`: names of roles. */
export const roleNamesSchema = z
  .string()
  .default('')
  .transform(splitList)
  .pipe(z.array(z.string().regex(role, 'must be names of roles such as admin,operator')));

const webhookSecretEntry = z
  .string()
  .regex(
    /^[a-z][a-z\d]*(?:-[a-z\d]+)*=[!-~]{16,}$/,
    'must be name=secret, with secrets of at least 16 characters without spaces and commas',
  );

/** `orders=new-secret,orders=old-secret`: the secrets of each webhook, in the given order. */
export const webhookSecretsSchema = z
  .string()
  .default('')
  .transform(splitList)
  .pipe(z.array(webhookSecretEntry))
  .transform((entries): ReadonlyMap<string, readonly string[]> => {
    const secrets = new Map<string, string[]>();
    for (const entry of entries) {
      const at = entry.indexOf('=');
      const name = entry.slice(0, at);
      secrets.set(name, [...(secrets.get(name) ?? []), entry.slice(at + 1)]);
    }
    return secrets;
  });

const privateKeySchema = z.looseObject({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  crv: z.string().exactOptional(),
  d: z.string(),
  alg: z.string().exactOptional(),
  kid: z.string().exactOptional(),
  use: z.literal('sig').exactOptional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes('sign'))
    .exactOptional(),
});

/** Minimum size of an RSA key in bits (RFC 7518, section 3.3). */
const minRsaBits = 2_048;

/** Signature algorithms by type of key (RFC 7518, section 3.1, and RFC 8037), first the one that a key has without `alg`. */
const signatureAlgorithms: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA', 'Ed25519'],
};

/** A private key for signatures as JSON Web Key (RFC 7517), as JSON or in Base64. Its `alg` is always set. */
export const privateKeyJson = z.string().transform((text, ctx) => {
  const json = text.startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8');
  const key = privateKeySchema.safeParse(jsonOf(json)).data;
  const algorithms = signatureAlgorithms[(key?.kty === 'RSA' ? key.kty : key?.crv) ?? ''] ?? [];
  const alg = key?.alg ?? algorithms[0];
  if (key && alg !== undefined && algorithms.includes(alg) && isPrivateKey(key)) return { ...key, alg };
  ctx.addIssue('must be a private JSON Web Key for signatures');
  return z.NEVER;
});

function isPrivateKey(key: z.infer<typeof privateKeySchema>): boolean {
  try {
    const { asymmetricKeyDetails } = createPrivateKey({ key, format: 'jwk' });
    return key.kty !== 'RSA' || (asymmetricKeyDetails?.modulusLength ?? 0) >= minRsaBits;
  } catch {
    return false;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
