/**
 * Gzipped size of the JavaScript that the HTML of each page references, compared with an empty Next page. A page may
 * load at most `allowance` more than the empty one.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pages } from '#tests/support/pages.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

/** Kilobytes, of 1,000 bytes. */
const allowance = 50;

const emptyPage = 'tests/bench/peers/empty-page';

/** URLs of the scripts that a page's HTML references, without the `nomodule` script of old browsers. */
function scriptsOf(html: string): string[] {
  const tags = [...html.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
  const sources = tags
    .filter((tag) => !/\bnomodule\b/i.test(tag))
    .flatMap((tag) => /\bsrc="([^"?]+)/.exec(tag)?.[1] ?? []);
  return [...new Set(sources)];
}

const sizeOf = (parts: Uint8Array[]) =>
  parts.reduce((sum, part) => sum + gzipSync(part).byteLength, 0) / 1000;

function sizeOfEmptyPage(): number {
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
  const build = spawnSync(process.execPath, [next, 'build', emptyPage], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (build.status !== 0) throw new Error('the build of the empty page failed');
  const output = join(emptyPage, '.next');
  const html = readFileSync(join(output, 'server/app/index.html'), 'utf8');
  return sizeOf(scriptsOf(html).map((source) => readFileSync(join(output, source.replace('/_next/', '')))));
}

async function sizeOfPage({ baseUrl }: Product, path: string): Promise<number> {
  const html = await (await fetch(`${baseUrl}${path}`)).text();
  const parts = scriptsOf(html).map(async (source) => {
    const response = await fetch(new URL(source, baseUrl));
    if (!response.ok) throw new Error(`GET ${source} returned ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  });
  return sizeOf(await Promise.all(parts));
}

export type PageSizes = {
  /** Kilobytes of gzipped JavaScript of an empty Next page. */
  empty: number;
  /** Additional kilobytes of each page. */
  additional: { path: string; kilobytes: number }[];
};

/** Prints a row per page and sets the exit code to 1 when a page exceeds the allowance. */
export async function measurePages(): Promise<PageSizes> {
  const empty = sizeOfEmptyPage();
  console.log(`\ngzipped JavaScript per page, in addition to an empty Next page (${empty.toFixed(1)} KB)`);
  const product = await startProduct();
  const additional: PageSizes['additional'] = [];
  try {
    for (const path of pages) {
      const kilobytes = (await sizeOfPage(product, path)) - empty;
      additional.push({ path, kilobytes });
      console.log(`  ${path.padEnd(24)} ${kilobytes >= 0 ? '+' : ''}${kilobytes.toFixed(1)} KB`);
      if (kilobytes > allowance) process.exitCode = 1;
    }
  } finally {
    await product.close();
  }
  return { empty, additional };
}
