import { readdirSync } from 'node:fs';

/** The slugs of the built-in posts. */
export const posts = readdirSync('content/posts').map((file) => file.replace(/\.md$/, ''));
