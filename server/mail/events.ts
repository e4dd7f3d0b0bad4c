/**
 * What becomes of mails, for the metrics: accepted or held when they come in, `duplicate` for one that was there
 * already, `dropped` for what a program filled in, `refused` for too many links; then sent, retried, dead, and
 * `transport_down` for each try that found no working transport.
 */
export type MailEvent =
  | 'accepted'
  | 'held'
  | 'duplicate'
  | 'dropped'
  | 'refused'
  | 'sent'
  | 'retried'
  | 'dead'
  | 'transport_down';
