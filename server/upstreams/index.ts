import { internalUpstreams, proxiedUpstreams } from '#server/custom/upstreams.ts';
import { checkUpstreams } from '../upstream-client/declaration.ts';
import type { Upstream } from '../upstream-client/endpoint.ts';

export { proxiedUpstreams };

/** All upstreams, including those that only services call. */
export const allUpstreams = [...internalUpstreams, ...Object.values<Upstream>(proxiedUpstreams)];

checkUpstreams(allUpstreams);
