import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageResponse } from 'next/og';
import { productTitle } from '#server/config/product-name.ts';
import type { ImageText } from '#server/routes/open-graph-image.ts';
import { openGraphImageSize } from './page-metadata.ts';

const fontFolder = join(
  /* turbopackIgnore: true */ process.cwd(),
  'node_modules/geist/dist/fonts/geist-sans',
);

// The renderer would fetch another font or an emoji image from the internet for a character that the font lacks.
const unsupportedCharacters =
  /[^ -~\u00a0-\u00ac\u00ae-\u0113\u0116-\u012b\u0150-\u017e\u0400-\u045f\u1ea0-\u1ef9\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u20ac\u2122\u2190-\u2193\u2212\u2260\u2264\u2265]/gu;

/** Renders the Open Graph image of a page, a PNG of 1200 by 630 pixels. */
export async function openGraphImage({ title, note }: ImageText): Promise<Uint8Array<ArrayBuffer>> {
  const [regular, semiBold] = await Promise.all(
    ['Geist-Regular.ttf', 'Geist-SemiBold.ttf'].map((file) =>
      readFile(join(/* turbopackIgnore: true */ fontFolder, file)),
    ),
  );
  const text = drawable(title);
  const image = new ImageResponse(
    <div
      style={{
        display: 'flex',
        flexDirection: 'column',
        justifyContent: 'space-between',
        width: '100%',
        height: '100%',
        padding: 72,
        background: '#111418',
        color: '#e8eaed',
        fontFamily: 'Geist',
      }}
    >
      <div style={{ display: 'flex', alignItems: 'center', gap: 20, fontSize: 36, fontWeight: 600 }}>
        <svg width="64" height="64" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" fill="#0b5fa5" />
          <path d={iconPath} fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
        </svg>
        {productTitle}
      </div>
      <div
        style={{
          display: 'block',
          fontSize: text.length > 60 ? 64 : 84,
          fontWeight: 600,
          letterSpacing: '-0.03em',
          lineHeight: 1.12,
          lineClamp: 4,
        }}
      >
        {text}
      </div>
      <div style={{ display: 'block', fontSize: 34, color: '#a3abb3', lineClamp: 2 }}>{drawable(note)}</div>
    </div>,
    {
      ...openGraphImageSize,
      fonts: [
        ...(regular ? [{ name: 'Geist', data: regular, weight: 400 as const }] : []),
        ...(semiBold ? [{ name: 'Geist', data: semiBold, weight: 600 as const }] : []),
      ],
    },
  );
  return new Uint8Array(await image.arrayBuffer());
}

/** The same path as in icon.svg. */
const iconPath = 'M8 11h9M12.5 11v11M19 16h5M21.5 13v6.5a2.5 2.5 0 0 0 2.5 2.5';

/** Removes the characters that the font lacks. Returns the site's name if less than half of the text remains. */
function drawable(text: string): string {
  const kept = text.normalize('NFC').replace(unsupportedCharacters, '').replace(/\s+/g, ' ').trim();
  return kept.length * 2 > text.length ? kept : productTitle;
}
