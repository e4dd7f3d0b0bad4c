/** Maximum length of a file name, in characters. */
const maxLength = 200;

/**
 * Returns the Content-Disposition of a download (RFC 6266). A name that is not plain ASCII is sent in its extended form
 * (RFC 8187), and in an ASCII form for clients that do not know that.
 */
export function attachmentNamed(name: string): string {
  // Characters that are not allowed in file names, and those that reverse the direction of what follows them.
  const safe = name.replace(/[/\\\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '_').toWellFormed();
  const fileName = [...safe].slice(-maxLength).join('');
  // Some clients decode `%` in the plain form.
  const ascii = fileName.replace(/[^\x20-\x7e]|["%]/gu, '_');
  const extended = ascii === fileName ? '' : `; filename*=UTF-8''${percentEncoded(fileName)}`;
  return `attachment; filename="${ascii}"${extended}`;
}

/** Encodes all characters except `attr-char` (RFC 8187, 3.2.1). */
function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
