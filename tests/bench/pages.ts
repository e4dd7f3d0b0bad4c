/**
 * What a page brings to the browser: the JavaScript that its HTML names, gzipped, beside that of a Next page with
 * nothing on it. The pages with typed hooks may have `allowance` more.
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

/** The scripts that a page's HTML names, but for the one that only browsers without modules load. */
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
  if (build.status !== 0) throw new Error('the empty page does not build');
  const output = join(emptyPage, '.next');
  const html = readFileSync(join(output, 'server/app/index.html'), 'utf8');
  return sizeOf(scriptsOf(html).map((source) => readFileSync(join(output, source.replace('/_next/', '')))));
}

async function sizeOfPage({ baseUrl }: Product, path: string): Promise<number> {
  const html = await (await fetch(`${baseUrl}${path}`)).text();
  const parts = scriptsOf(html).map(async (source) => {
    const answer = await fetch(new URL(source, baseUrl));
    if (!answer.ok) throw new Error(`${source} answered ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  });
  return sizeOf(await Promise.all(parts));
}

export type PageSizes = {
  /** Kilobytes of JavaScript, gzipped, of a Next page with nothing on it. */
  empty: number;
  /** How many more each page has. */
  more: { path: string; kilobytes: number }[];
};

/** A row for each page; the exit code is 1 when one brings more than it may. */
export async function measurePages(): Promise<PageSizes> {
  const empty = sizeOfEmptyPage();
  console.log(`\nJavaScript of a page, gzipped; an empty page of Next has ${empty.toFixed(1)} KB`);
  const product = await startProduct();
  const more: PageSizes['more'] = [];
  try {
    for (const path of pages) {
      const kilobytes = (await sizeOfPage(product, path)) - empty;
      more.push({ path, kilobytes });
      console.log(`  ${path.padEnd(24)} ${kilobytes >= 0 ? '+' : ''}${kilobytes.toFixed(1)} KB`);
      if (kilobytes > allowance) process.exitCode = 1;
    }
  } finally {
    await product.close();
  }
  return { empty, more };
}
