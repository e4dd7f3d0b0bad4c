/**
 * A serializer for XML 1.0, just enough for feeds. Nodes are data, so no text can be forgotten unescaped;
 * whatever string comes in, the document is well-formed. Names of elements and attributes are the
 * programmer's own and are written as they are.
 */

export type XmlElement = { name: string; attributes: Readonly<Record<string, string>>; children: XmlNode[] };
/** A string is text; `null` is left out. */
export type XmlNode = XmlElement | string | null;

/** `element('guid', { isPermaLink: 'false' }, 'tag:…')` */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: XmlNode[]
): XmlElement {
  return { name, attributes, children };
}

/** The document with its XML declaration; indented where an element holds elements alone. */
export function serializeXml(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serialize(root, 0)}\n`;
}

// The u flag makes a lone surrogate a code point of its own, outside every range here.
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** Drops what no XML 1.0 document may hold, not even as a reference: https://www.w3.org/TR/xml/#charsets */
export function stripForbidden(text: string): string {
  return text.replace(forbidden, '');
}

/** Text between tags; right for HTML too. A carriage return is written as a reference: parsers turn a bare one into a line feed. */
export function escapeText(text: string): string {
  return stripForbidden(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

/** The value of an attribute in double quotes. White space is written as references: parsers turn bare tabs and line ends into spaces. */
export function escapeAttribute(value: string): string {
  return escapeText(value).replaceAll('"', '&quot;').replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}

function serialize(node: XmlElement, depth: number): string {
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
    .join('');
  const children = node.children.filter((child) => child !== null);
  if (children.length === 0) return `<${node.name}${attributes}/>`;

  const mixed = children.some((child) => typeof child === 'string');
  const inside = children.map((child) =>
    typeof child === 'string' ? escapeText(child) : serialize(child, depth + 1),
  );
  if (mixed) return `<${node.name}${attributes}>${inside.join('')}</${node.name}>`;
  const indent = '  '.repeat(depth);
  const lines = inside.map((line) => `${indent}  ${line}\n`).join('');
  return `<${node.name}${attributes}>\n${lines}${indent}</${node.name}>`;
}
