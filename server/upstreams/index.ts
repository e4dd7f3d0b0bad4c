import { github } from './github.ts';

/** The backends that `proxy.<upstream>.<endpoint>` offers. Adding one is its file and a line here. */
export const proxiedUpstreams = { github };
