const signIn = {
  OIDC_ISSUER: 'https://id.example.org',
  OIDC_CLIENT_ID: 'site',
  OIDC_CLIENT_SECRET: 'secret of the client',
};

/** Returns other variables that must be set for this one to be accepted. */
export function companionsOf(name: string): Record<string, string> {
  if (name === 'SMTP_URL') return { MAIL_TO: 'me@example.org', MAIL_FROM: 'site@example.org' };
  return name === 'OIDC_ISSUER' || name === 'OIDC_CLIENT_ID' ? signIn : {};
}
