/**
 * A minimal XML 1.0 serializer for feeds. Nodes are data, so all text is escaped, and the document is well-formed for
 * any string. Names of elements and attributes are not escaped: they must be constants.
 */

export type XmlElement = { name: string; attributes: Readonly<Record<string, string>>; children: XmlNode[] };
/** A string is text. `null` is skipped. */
export type XmlNode = XmlElement | string | null;

/** `element('guid', { isPermaLink: 'false' }, 'tag:…')` */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: XmlNode[]
): XmlElement {
  return { name, attributes, children };
}

/** Serializes a document with its XML declaration. Indents elements that contain only elements. */
export function serializeXml(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serialize(root, 0)}\n`;
}

// With the u flag a lone surrogate is a separate code point, outside all of these ranges.
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** Removes characters that XML 1.0 forbids, even as references: https://www.w3.org/TR/xml/#charsets */
export function stripForbidden(text: string): string {
  return text.replace(forbidden, '');
}

/**
 * Escapes text between tags of XML or HTML. A carriage return becomes a reference, because parsers read a bare one as a
 * line feed.
 */
export function escapeText(text: string): string {
  return stripForbidden(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

/**
 * Escapes an attribute value in double quotes. Tabs and line ends become references, because parsers read bare ones as
 * spaces.
 */
export function escapeAttribute(value: string): string {
  return escapeText(value).replaceAll('"', '&quot;').replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}

function serialize(node: XmlElement, depth: number): string {
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
    .join('');
  const children = node.children.filter((child) => child !== null);
  if (children.length === 0) return `<${node.name}${attributes}/>`;

  const isMixed = children.some((child) => typeof child === 'string');
  const contents = children.map((child) =>
    typeof child === 'string' ? escapeText(child) : serialize(child, depth + 1),
  );
  if (isMixed) return `<${node.name}${attributes}>${contents.join('')}</${node.name}>`;
  const indent = '  '.repeat(depth);
  const lines = contents.map((line) => `${indent}  ${line}\n`).join('');
  return `<${node.name}${attributes}>\n${lines}${indent}</${node.name}>`;
}
