import { isRaw, type RawEndpoint, type Upstream } from './endpoint.ts';
import { matchTemplate } from './path-template.ts';

export type RawMatch = { endpoint: RawEndpoint; params: Record<string, string> };

/**
 * Returns the raw endpoints of an upstream whose template matches a path.
 *
 * @param segments decoded segments of the path
 */
export function findRawEndpoints(upstream: Upstream, segments: readonly string[]): RawMatch[] {
  return Object.values(upstream.endpoints).flatMap((endpoint) => {
    const params = isRaw(endpoint) ? matchTemplate(endpoint.template, segments) : undefined;
    return isRaw(endpoint) && params ? [{ endpoint, params }] : [];
  });
}
