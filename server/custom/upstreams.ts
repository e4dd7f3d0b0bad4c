import type { Upstream } from '../upstream-client/endpoint.ts';
import { codeload } from '../upstreams/codeload.ts';
import { files } from '../upstreams/files.ts';
import { github } from '../upstreams/github.ts';
import { notes } from '../upstreams/notes.ts';
import { openMeteoUpstreams } from '../upstreams/open-meteo.ts';

/** Your own upstreams that `proxy.<upstream>.<endpoint>` and `/api/raw` expose. */
export const proxiedUpstreams = { codeload, files, github, notes };

/** Your own upstreams that only services call. */
export const internalUpstreams: readonly Upstream[] = [...openMeteoUpstreams];
