/**
 * The columns of a table that is a queue. Times are whole milliseconds since the epoch, by the database's clock.
 *
 * `queued`: waits for its next attempt. The queue has another status for a row that is claimed.
 */
export type QueueColumns<Status extends string = string> = {
  id: string;
  status: Status;
  attempts: number;
  /** Claims since the last outcome: in each, a process died or lost the storage. */
  unfinished: number;
  accepted_at: number;
  /** When the row could first be attempted: accepted_at with its delay, its release, or its latest requeue. */
  queued_at: number;
  next_attempt_at: number;
  lease_token: string | null;
  lease_until: number | null;
  /** An error classification for the operator, without contents, addresses or texts of other systems. */
  last_error: string | null;
  /** The trace that the row was accepted in; its attempts continue that trace. */
  traceparent: string | null;
};
