/** Months from the beginning of this one until a reader has to look again; RFC 9116 advises less than a year. */
const monthsValid = 6;

/**
 * RFC 9116: whom to tell of a weakness. It expires at the beginning of a month, always some months ahead, so that
 * the text is the same for a month.
 *
 * @param contact a mailto:, https: or tel: URI
 */
export function securityText(options: { contact: string; siteUrl: string; now: Date }): string {
  const { contact, siteUrl, now } = options;
  const expires = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsValid, 1));
  return `Contact: ${contact}
Expires: ${expires.toISOString().replace('.000Z', 'Z')}
Preferred-Languages: en
Canonical: ${siteUrl}/.well-known/security.txt
`;
}
