import { internalUpstreams, proxiedUpstreams } from '#server/custom/upstreams.ts';
import { checkUpstreams } from '../upstream-client/declaration.ts';

export { proxiedUpstreams };

/** All upstreams, including those that only services call. */
export const allUpstreams = [...internalUpstreams, ...Object.values(proxiedUpstreams)];

checkUpstreams(allUpstreams);
