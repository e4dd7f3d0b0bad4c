import { createHash } from 'node:crypto';

/** A scheme and something after it, in the characters a URI may have (RFC 3986). */
const absoluteUri = /^[a-z][a-z\d+.-]*:(?:[\w~:/?#[\]@!$&'()*+,;=.-]|%[\da-f]{2})+$/i;

/**
 * Returns a `tag:` URI (RFC 4151) for a page, made of the host, the day of publication and the path. It contains no
 * scheme or port, so it stays the same when those change.
 */
export function tagUri(pageUrl: string, publishedAt: Date): string {
  const { hostname, pathname } = new URL(pageUrl);
  // Only IPv6 addresses contain other characters.
  const authority = hostname.replace(/[^a-z\d.-]+/gi, '-').replace(/^-|-$/g, '');
  return `tag:${authority},${publishedAt.toISOString().slice(0, 10)}:${pathname}`;
}

const urlNamespace = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

/**
 * Returns the id as a URI, as Atom requires. An id that is not a URI becomes a name-based UUID, which is always
 * the same for the same feed and id.
 *
 * @param homeUrl the feed's home page
 */
export function uriOf(id: string, homeUrl: string): string {
  return absoluteUri.test(id) ? id : `urn:uuid:${nameBasedUuid(`${homeUrl} ${id}`)}`;
}

/** Returns a UUID (RFC 9562, version 5) that is always the same for the same name. */
export function nameBasedUuid(name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(urlNamespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
