import type { DetectedType } from './media-type.ts';

/** Maximum length of a file name in UTF-8. File systems allow 255 bytes, and programs append to names, such as " (1)". */
const maxBytes = 240;

/** Names of devices on Windows, with any extension, and with spaces after them. */
const device = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]) *(?:\.|$)/i;

/** Further extensions of a type, besides the usual one. */
const otherExtensions: Readonly<Record<string, readonly string[]>> = {
  jpg: ['jpeg', 'jpe', 'jfif'],
  tif: ['tiff'],
  mid: ['midi'],
  mpg: ['mpeg'],
  md: ['markdown'],
  txt: ['text', 'log', 'csv', 'tsv', 'md', 'json', 'yaml', 'yml', 'toml', 'ini', 'srt', 'vtt', 'ics', 'vcf'],
  bin: ['dat'],
  zip: ['docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub'],
};

/**
 * Returns a name under which a file can be saved on every system: without a path, and without characters that are invisible,
 * change the direction of what follows, or have a meaning for a system. Its extension is one of the type of the file, so that
 * a system does not open a picture as a program.
 *
 * @param name as the client gave it
 */
export function cleanFileName(
  name: string | undefined,
  { extension }: Pick<DetectedType, 'extension'>,
): string {
  const last = (name ?? '').toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const visible = withoutEnd(
    last
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, '')
      .replace(/[<>:"|?*]/g, '_')
      .replace(/\s+/gu, ' ')
      .replace(/^[\s.]+/u, ''),
  );
  const named = visible === '' || device.test(visible) ? `file-${visible}`.replace(/-$/, '') : visible;
  const suffix = suffixOf(named, extension);
  const stem = named.slice(0, named.length - (named.endsWith(suffix) ? suffix.length : 0));
  return cutOff(stem, maxBytes - suffix.length).trimEnd() + suffix;
}

/** Cuts a text off, between two characters. */
function cutOff(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

/** Removes spaces and dots at the end. */
function withoutEnd(name: string): string {
  let end = name.length;
  while (end > 0 && ' .'.includes(name.charAt(end - 1))) end -= 1;
  return name.slice(0, end);
}

/** Returns the extension of the name with its dot, if it is one of the type, otherwise that of the type. */
function suffixOf(name: string, extension: string): string {
  const given = /\.([a-z\d]{1,10})$/i.exec(name)?.[1] ?? '';
  const isOfType = [extension, ...(otherExtensions[extension] ?? [])].includes(given.toLowerCase());
  return `.${isOfType ? given : extension}`;
}
