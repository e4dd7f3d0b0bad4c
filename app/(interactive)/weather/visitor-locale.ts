import { type PlaceLanguage, placeLanguages } from '#server/weather/schema.ts';
import type { HourCycle } from './format.ts';

export type VisitorLocale = {
  hourCycle: HourCycle;
  /** For the names of places. */
  language: PlaceLanguage;
};

/** Maximum number of languages that are read. */
const maxLanguages = 10;

/**
 * Returns how a visitor writes times and the names of places, by the Accept-Language of the request (RFC 9110, section
 * 12.5.4). The server passes it to the browser, so that both render the same text. Without a known language: 24 hours
 * and English.
 */
export function visitorLocale(acceptLanguage: string | null): VisitorLocale {
  const locales = acceptedLocales(acceptLanguage ?? '');
  return {
    hourCycle: hourCycleOf(locales[0]),
    language: locales.map(placeLanguageOf).find((language) => language !== undefined) ?? 'en',
  };
}

/** Returns the locales of the header that this runtime knows, most preferred first. */
function acceptedLocales(acceptLanguage: string): string[] {
  return acceptLanguage
    .split(',', maxLanguages)
    .map((entry) => {
      const [tag = '', ...parameters] = entry.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => quality > 0 && isKnown(tag))
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}

function isKnown(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    // Not a language tag, such as `*`.
    return false;
  }
}

function hourCycleOf(locale: string | undefined): HourCycle {
  if (locale === undefined) return 'h23';
  const { hourCycle } = new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions();
  return hourCycle === 'h12' || hourCycle === 'h11' ? 'h12' : 'h23';
}

function placeLanguageOf(locale: string): PlaceLanguage | undefined {
  const primary = locale.split('-', 1)[0]?.toLowerCase();
  return placeLanguages.find((language) => language === primary);
}
