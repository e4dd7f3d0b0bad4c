/** Validity from the start of the current month. RFC 9116 recommends less than a year. */
const monthsValid = 6;

/**
 * Returns security.txt (RFC 9116): the contact for vulnerability reports. It expires at the start of a month, so that
 * the text changes only once a month.
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
