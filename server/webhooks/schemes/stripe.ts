import { rejected, type Scheme } from '../delivery.ts';
import { fromHex, isUnixSeconds, requireHmac, requireRecent, textAt } from '../signature.ts';

/**
 * Stripe. Its attempts to deliver an event have signatures of their own, and the id of the event in common.
 *
 * https://docs.stripe.com/webhooks#verify-manually
 */
export const stripe: Scheme = {
  verify({ headers, body, secrets, now, json }) {
    const fields = (headers.get('stripe-signature') ?? '').split(',').map((field) => field.trim());
    const valuesOf = (name: string) =>
      fields.filter((field) => field.startsWith(`${name}=`)).map((field) => field.slice(name.length + 1));
    const [timestamp = '', ...otherTimestamps] = valuesOf('t');
    const given = fromHex(valuesOf('v1'));
    if (!isUnixSeconds(timestamp) || otherTimestamps.length > 0 || given.length === 0) {
      throw rejected('Send stripe-signature (t=…,v1=…).');
    }
    requireHmac(secrets, [`${timestamp}.`, body], given);
    requireRecent(timestamp, now);
    const event = json();
    return { id: textAt(event, 'id'), type: textAt(event, 'type') };
  },
};
