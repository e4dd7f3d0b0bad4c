/** How a language writes the values of JSON. Numbers are the same in all of these languages. */
type LiteralNotation = {
  indent: string;
  /** Between the braces of an object on one line. */
  padding: '' | ' ';
  key(name: string): string;
  text(value: string): string;
  null: string;
  true: string;
  false: string;
};

/** Longest value on one line. */
const lineLength = 60;

/** In single quotes if it needs no escapes. */
const inQuotes = (text: string) => {
  const json = JSON.stringify(text);
  return json === `"${text}"` && !text.includes("'") ? `'${text}'` : json;
};

export const javascript: LiteralNotation = {
  indent: '  ',
  padding: ' ',
  key: (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : inQuotes(name)),
  text: inQuotes,
  null: 'null',
  true: 'true',
  false: 'false',
};

export const python: LiteralNotation = {
  indent: '    ',
  padding: '',
  key: (name) => JSON.stringify(name),
  text: (value) => JSON.stringify(value),
  null: 'None',
  true: 'True',
  false: 'False',
};

/**
 * Formats a JSON value as source code: on one line if it is short, otherwise with an item per line.
 *
 * @param margin indentation of the line on which the value begins
 */
export function jsonLiteral(value: unknown, notation: LiteralNotation, margin = ''): string {
  const line = inOneLine(value, notation);
  if (line.length <= lineLength || typeof value !== 'object' || value === null) return line;
  const inner = margin + notation.indent;
  const [open, close] = bracketsOf(value);
  const items = itemsOf(value, notation, (item) => jsonLiteral(item, notation, inner));
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join('')}${margin}${close}`;
}

function inOneLine(value: unknown, notation: LiteralNotation): string {
  if (value === null) return notation.null;
  if (value === true) return notation.true;
  if (value === false) return notation.false;
  if (typeof value === 'string') return notation.text(value);
  if (typeof value !== 'object') return JSON.stringify(value) ?? notation.null;
  const [open, close] = bracketsOf(value);
  const items = itemsOf(value, notation, (item) => inOneLine(item, notation));
  const padding = Array.isArray(value) || items.length === 0 ? '' : notation.padding;
  return `${open}${padding}${items.join(', ')}${padding}${close}`;
}

function bracketsOf(value: object): [open: string, close: string] {
  return Array.isArray(value) ? ['[', ']'] : ['{', '}'];
}

function itemsOf(
  value: object,
  notation: LiteralNotation,
  format: (item: unknown) => string,
): readonly string[] {
  if (Array.isArray(value)) return value.map(format);
  return Object.entries(value).map(([name, item]) => `${notation.key(name)}: ${format(item)}`);
}
