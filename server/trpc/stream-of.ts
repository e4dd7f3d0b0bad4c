import type { TrackedEnvelope } from '@trpc/server';
import { z } from 'zod';

/** The output of a subscription: items, each with an id with which an interrupted stream goes on. */
type Stream<Item> = AsyncIterable<TrackedEnvelope<Item>, void, unknown>;

const items = new WeakMap<z.ZodType, z.ZodType>();

/**
 * Returns the `.output()` of a subscription. tRPC would check the whole stream as one value; here each item is checked
 * when it is sent.
 */
export function streamOf<S extends z.ZodType>(item: S): z.ZodType<Stream<z.output<S>>, Stream<z.output<S>>> {
  const schema = z.custom<Stream<z.output<S>>>(
    (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
  );
  items.set(schema, item);
  return schema;
}

/** Returns the schema of the items of a stream, or undefined for another schema. */
export function itemOf(schema: z.ZodType): z.ZodType | undefined {
  return items.get(schema);
}
