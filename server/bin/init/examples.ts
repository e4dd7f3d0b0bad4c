import type { Example } from './example.ts';
import { echo } from './examples/echo.ts';
import { files } from './examples/files.ts';
import { github } from './examples/github.ts';
import { notes } from './examples/notes.ts';
import { posts } from './examples/posts.ts';
import { weather } from './examples/weather.ts';

/** The examples in the order in which they are removed: an example can change a text up to that of the next one. */
export const examples: readonly Example[] = [echo, weather, github, files, posts, notes];
