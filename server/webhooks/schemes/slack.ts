import { rejected, type Scheme } from '../delivery.ts';
import { fromHex, isUnixSeconds, requireHmac, requireRecent, textAt } from '../signature.ts';

const prefix = 'v0=';

/**
 * Slack's Events API, including the challenge by which it verifies the URL.
 *
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export const slack: Scheme = {
  verify({ headers, body, secrets, now, json }) {
    const timestamp = headers.get('x-slack-request-timestamp') ?? '';
    const header = headers.get('x-slack-signature') ?? '';
    const given = header.startsWith(prefix) ? fromHex([header.slice(prefix.length)]) : [];
    if (!isUnixSeconds(timestamp) || given.length === 0) {
      throw rejected('Send x-slack-request-timestamp (Unix seconds) and x-slack-signature (v0=…).');
    }
    requireHmac(secrets, [`v0:${timestamp}:`, body], given);
    requireRecent(timestamp, now);
    const payload = json();
    const type = textAt(payload, 'type');
    if (type === 'url_verification') return { response: { challenge: textAt(payload, 'challenge') ?? '' } };
    return { id: textAt(payload, 'event_id'), type: textAt(payload, 'event', 'type') ?? type };
  },
};
