/** Characters. */
const maxLength = 100;

/** Hours, as RFC 822 defines them. */
const zoneOffsets: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

/** `(Central European Time)`, and the `[Europe/Paris]` of RFC 9557. */
const comment = /\([^()]*\)|\[[^[\]]*\]/g;
/** A text that ends with a time, and the zone after it. */
const timeAndZone =
  /^(.*?\d:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?)\s*(?:([a-z]{1,5})|(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?)?$/i;
const isoDate =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})\d*)?)?)?$/i;
const monthName = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;

/**
 * Parses a date as feeds and front matter have it: RFC 3339, RFC 822 and their usual variants, such as
 * `2016-05-10 12:41:00 +0000` and `Jul 08 2022`. The result does not depend on the host's time zone: a date without a
 * zone, or with an unknown one (RFC 5322, section 4.3), is UTC.
 *
 * @returns null if the text is not a date of the years 1 to 9999 (no feed format can represent others)
 */
export function parseDate(text: string): Date | null {
  if (text.length > maxLength) return null;
  const plain = text.replace(comment, '').trim();
  const [, local = plain, name = '', sign, hours = '0', minutes = '0'] = timeAndZone.exec(plain) ?? [];
  const size = Number(hours) * 60 + Number(minutes);
  const offset = (zoneOffsets[name.toUpperCase()] ?? 0) * 60 + (sign === '-' ? -size : size);
  const utc = parseIso(local) ?? parseWithMonthName(local);
  if (utc === undefined) return null;
  const date = new Date(utc - offset * 60_000);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date : null;
}

/** Parses Unix time in seconds or milliseconds: seconds before the year 5138, otherwise milliseconds. */
export function fromUnixTime(value: number): Date | null {
  const date = new Date(Math.abs(value) < 1e11 ? value * 1000 : value);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? null : date;
}

function parseIso(text: string): number | undefined {
  const match = isoDate.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date rolls over: 30 February would become 2 March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hours > 24 || minutes > 59 || seconds > 60) return undefined;
  return date.setUTCHours(hours, minutes, seconds, Number((match[7] ?? '').padEnd(3, '0')));
}

/** Only with the name of a month: Date.parse finds a date in nearly any text with a number. */
function parseWithMonthName(text: string): number | undefined {
  if (!monthName.test(text)) return undefined;
  const plain = text.replace(/(\d)(?:st|nd|rd|th)\b/gi, '$1').replace(/([ap])\.m\./gi, '$1m');
  const date = new Date(`${plain} UTC`);
  // Date rolls over: 30 February would become 2 March.
  const isReal = plain.match(/\d+/g)?.map(Number).includes(date.getUTCDate());
  return isReal ? date.getTime() : undefined;
}
