import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { parseDate } from './date.ts';

// Without the turbopackIgnore comments, Next's file tracing would include the whole project.
/** The folder of the built-in posts. */
export const defaultFolder = join(/* turbopackIgnore: true */ process.cwd(), 'content', 'posts');

/**
 * Lists the posts in a folder and its subfolders, as paths within the folder. A README is no post, and neither are files
 * and folders whose name starts with `_` or `.`. A missing folder has no posts.
 */
export function listPostFiles(folder: string): string[] {
  return listFiles(folder)
    .filter((file) => /\.(?:md|markdown|mdx)$/i.test(file))
    .filter((file) => !/^readme\./i.test(basename(file)) && !/(?:^|[\\/])[._]/.test(file))
    .sort();
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(/* turbopackIgnore: true */ folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if (z.object({ code: z.literal('ENOENT') }).safeParse(error).success) return [];
    throw error;
  }
}

/**
 * Reads a text file: UTF-8, or UTF-16 with a byte order mark. All line ends become line feeds.
 *
 * @throws Error if the file cannot be read or is in another encoding
 */
export function readTextFile(path: string): string {
  const bytes = readFileSync(/* turbopackIgnore: true */ path);
  const mark = bytes.toString('hex', 0, 2);
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n');
}

/** Returns the name of a post in its URL: that of the file, or that of the folder for `index.md`. */
export function slugOf(file: string): string {
  const name = basename(file, extname(file));
  const folder = basename(dirname(file));
  return name === 'index' && folder !== '.' ? folder : name;
}

/** Splits a name like `2026-11-20-a-post`, as Jekyll has them, into its date and the rest. */
export function splitSlug(slug: string): { date: Date | undefined; words: string } {
  const [, day = '', words = slug] = /^(\d{4}-\d{2}-\d{2})-(.+)$/.exec(slug) ?? [];
  const date = parseDate(day) ?? undefined;
  return { date, words: (date ? words : slug).replace(/[-_]+/g, ' ') };
}
