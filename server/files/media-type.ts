import { fileTypeFromBuffer } from 'file-type';

/** Number of bytes at the start of a file from which its type is detected. */
export const headBytes = 4100;

/** Types of plain text, which have no signature: the type that the client declares counts. */
export const textTypes: readonly string[] = ['text/plain', 'text/csv', 'text/markdown', 'application/json'];

export type DetectedType = {
  mediaType: string;
  /** File name extension of the type, without a dot. */
  extension: string;
};

/** Start of a document that a browser takes for HTML: https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type */
const markup =
  /^(?:\ufeff)?[\t\n\f\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|svg|!--)[\t\n\f\r >/]/i;

const textExtensions: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'text/csv': 'csv',
  'text/markdown': 'md',
  'application/json': 'json',
};

/**
 * Returns the media type of a file by its content. The declared type only decides between types of plain text.
 *
 * @param file.head the first `headBytes` bytes
 * @param file.isText whether the whole file is text in UTF-8
 * @param file.declaredType in lower case, without parameters
 */
export async function detectMediaType(file: {
  head: Uint8Array;
  isText: boolean;
  declaredType: string | undefined;
}): Promise<DetectedType> {
  const { head, isText, declaredType = '' } = file;
  // Hostile content must not fail the detection.
  const detected = await fileTypeFromBuffer(head).catch(() => undefined);
  if (detected) return { mediaType: detected.mime.split(';', 1).join(), extension: detected.ext };
  if (!isText) return { mediaType: 'application/octet-stream', extension: 'bin' };
  if (markup.test(new TextDecoder().decode(head))) return { mediaType: 'text/html', extension: 'html' };
  const mediaType = textTypes.includes(declaredType) ? declaredType : 'text/plain';
  return { mediaType, extension: textExtensions[mediaType] ?? 'txt' };
}
