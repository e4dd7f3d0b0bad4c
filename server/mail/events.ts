/**
 * Mail events counted in the metrics. On receipt: accepted, held, `duplicate` (the idempotency key already had a mail),
 * `suspected` (seems to come from a bot), `refused` (too many links). On delivery: sent, retried, dead, `expired` (a notice that
 * was due too late to be of use), and `transport_down` for each attempt without a working transport.
 */
export type MailEvent =
  | 'accepted'
  | 'held'
  | 'duplicate'
  | 'suspected'
  | 'refused'
  | 'sent'
  | 'retried'
  | 'dead'
  | 'expired'
  | 'transport_down';
