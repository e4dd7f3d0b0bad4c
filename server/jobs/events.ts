/**
 * Job events counted in the metrics: accepted; `duplicate` (the key already had a job); done; retried; dead; `unavailable`
 * for each attempt without what the job needs.
 */
export const jobEvents = ['accepted', 'duplicate', 'done', 'retried', 'dead', 'unavailable'] as const;
export type JobEvent = (typeof jobEvents)[number];
