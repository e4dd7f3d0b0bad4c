const prefix = 'whsec_';

/** Returns whether a text is a secret of Standard Webhooks: `whsec_` followed by a key in Base64 with its padding. */
export function isStandardSecret(text: string): boolean {
  if (!text.startsWith(prefix)) return false;
  const key = text.slice(prefix.length);
  return key.length % 4 === 0 && /^[A-Za-z\d+/]+={0,2}$/.test(key);
}
