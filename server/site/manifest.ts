import { productTagline, productTitle } from '../config/product-name.ts';

/** Returns the web app manifest (https://www.w3.org/TR/appmanifest/). All its URLs are relative to the manifest. */
export function webManifest(): string {
  const icon = (size: number, purpose: 'any' | 'maskable', name: string) => ({
    src: name,
    sizes: `${size}x${size}`,
    type: 'image/png',
    purpose,
  });
  const manifest = {
    name: productTitle,
    short_name: productTitle,
    description: `${productTagline}.`,
    id: '/',
    start_url: '/',
    scope: '/',
    lang: 'en',
    display: 'minimal-ui',
    background_color: '#fbfbf9',
    theme_color: '#0b5fa5',
    icons: [
      icon(192, 'any', '/icon-192.png'),
      icon(512, 'any', '/icon-512.png'),
      icon(512, 'maskable', '/icon-maskable-512.png'),
    ],
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
