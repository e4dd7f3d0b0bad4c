import { isRaw, type RawEndpoint, type Upstream } from './endpoint.ts';
import { matchTemplate } from './path-template.ts';

export type RawMatch = { endpoint: RawEndpoint; params: Record<string, string> };

/**
 * The raw endpoints of an upstream whose template a path has the form of, at most one for each method.
 *
 * @param segments of the path, decoded
 */
export function findRawEndpoints(upstream: Upstream, segments: readonly string[]): RawMatch[] {
  return Object.values(upstream.endpoints).flatMap((endpoint) => {
    const params = isRaw(endpoint) ? matchTemplate(endpoint.template, segments) : undefined;
    return isRaw(endpoint) && params ? [{ endpoint, params }] : [];
  });
}
