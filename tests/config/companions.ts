const signIn = {
  OIDC_ISSUER: 'https://id.example.org',
  OIDC_CLIENT_ID: 'site',
  OIDC_CLIENT_SECRET: 'secret of the client',
};

const objectStorage = {
  BUCKETS_URL: 'https://s3.example.org/files',
  BUCKETS_ACCESS_KEY_ID: 'key',
  BUCKETS_SECRET_ACCESS_KEY: 'secret-of-the-key',
};

/** Returns other variables that must be set for this one to be accepted. */
export function companionsOf(name: string): Record<string, string> {
  if (name === 'SMTP_URL') return { MAIL_TO: 'me@example.org', MAIL_FROM: 'site@example.org' };
  if (Object.hasOwn(objectStorage, name)) return objectStorage;
  return name === 'OIDC_ISSUER' || name === 'OIDC_CLIENT_ID' ? signIn : {};
}
