/** A header of a message, on one line, encoded as it was sent. */
type MessageHeader = { name: string; value: string };

/**
 * Returns the headers of a message in their order (RFC 5322, section 2.2): a line that begins with a blank continues the
 * previous one.
 *
 * @param raw the message with CRLF line endings
 */
export function headersOf(raw: string): MessageHeader[] {
  const end = raw.indexOf('\r\n\r\n');
  const unfolded = (end === -1 ? raw : raw.slice(0, end)).replaceAll(/\r\n[ \t]/g, ' ');
  return unfolded.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [{ name: line.slice(0, colon), value: line.slice(colon + 1).trim() }] : [];
  });
}
