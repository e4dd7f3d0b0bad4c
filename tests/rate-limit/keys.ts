import { createHash } from 'node:crypto';

/** Service keys. `serviceKeys` is the matching value of SERVICE_KEYS. */
export const keys = {
  reader: 'reader-key-Zm9vYmFy.0123456789~abcdef',
  writer: 'writer-key-YmF6cXV4_9876543210+fedcba==',
  scraper: 'scraper-key-cHJvbWV0aGV1cw',
} as const;

export const sha256Of = (key: string) => createHash('sha256').update(key).digest('hex');

export const serviceKeys = [
  `reader:${sha256Of(keys.reader)}`,
  `writer:${sha256Of(keys.writer)}:write+admin`,
  `scraper:${sha256Of(keys.scraper)}:metrics`,
].join(',');

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

export const challenge = 'Bearer realm="typed-bff"';
/** The challenge to a request with a key that is not known. */
export const invalidToken = `${challenge}, error="invalid_token"`;
