import { z } from 'zod';
import { limits } from '../config/limits.ts';
import type { CallEndpoint } from './endpoint.ts';
import type { EndpointResponse, FetchedResponse } from './exchange.ts';
import { heapSize } from './heap-size.ts';
import { parseResponse } from './response.ts';
import type { Loaded } from './response-cache.ts';

type CachedResponse = EndpointResponse<CallEndpoint>;

/** The stored form of a response, from which another instance can restore it. */
const storedSchema = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  text: z.string(),
});

/** Returns a response as a cache entry, with its size in memory and its stored form. */
export function toCacheEntry({
  bytes,
  text,
  ...response
}: FetchedResponse<CallEndpoint>): Loaded<CachedResponse> {
  const { status, headers } = response;
  const stored: z.infer<typeof storedSchema> = { status, headers, text };
  return { value: response, bytes: memoryOf(response, bytes), text: JSON.stringify(stored) };
}

/** @returns undefined if the stored text does not match the endpoint's declaration, or no longer does */
export function restoreCacheEntry(
  endpoint: CallEndpoint,
  stored: string,
): Omit<Loaded<CachedResponse>, 'text'> | undefined {
  try {
    const { status, headers, text } = storedSchema.parse(JSON.parse(stored));
    const value: CachedResponse = { data: parseResponse(endpoint, text), status, headers };
    return { value, bytes: memoryOf(value, text.length) };
  } catch {
    return undefined;
  }
}

/**
 * Estimates the memory of a response, including values that are derived from it and kept as long. It is at least the
 * size of the received body.
 */
function memoryOf({ data }: CachedResponse, received: number): number {
  return Math.max(received, heapSize(data) * limits.upstream.derivedFactor);
}
