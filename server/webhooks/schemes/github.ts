import { rejected, type Scheme } from '../delivery.ts';
import { fromHex, requireHmac } from '../signature.ts';

const prefix = 'sha256=';

/**
 * GitHub. It signs the body, but neither the id of the delivery nor a time.
 *
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github: Scheme = {
  verify({ headers, body, secrets }) {
    const header = headers.get('x-hub-signature-256') ?? '';
    const given = header.startsWith(prefix) ? fromHex([header.slice(prefix.length)]) : [];
    if (given.length === 0) throw rejected('Send x-hub-signature-256 (sha256=…).');
    requireHmac(secrets, [body], given);
    const type = headers.get('x-github-event') ?? undefined;
    return {
      id: headers.get('x-github-delivery') ?? undefined,
      type,
      ...(type === 'ping' ? { response: { accepted: false } } : {}),
    };
  },
};
