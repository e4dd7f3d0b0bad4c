import { setTimeout as delay } from 'node:timers/promises';
import { createScriptClient, errorData } from '#client/node.ts';
import type { Accepted } from '../fleet.ts';

/** Counts of the streams that follow accepted mails, and the guarantees that were violated. */
export type StreamFigures = {
  followed: number;
  /** Streams that went on after a disconnection. */
  resumed: number;
  items: number;
  /** Streams that ended with the delivery of their mail. */
  completed: number;
  violations: string[];
};

/** The streams of accepted mails. */
export type Streams = {
  /** Receipts of the mails that were sent to be followed during the whole run. They are delivered once released. */
  held: readonly Accepted[];
  /** Waits until all streams have ended, at most this time in milliseconds. */
  stop(deadline: number): Promise<StreamFigures>;
};

/** Number of streams that last the whole run. */
const heldCount = 30;
/** Maximum number of open streams. Mails that are accepted meanwhile are not followed. */
const maxOpen = heldCount + 40;

/**
 * Follows accepted mails through the balancer until they were sent, and others that seem to come from a bot and therefore
 * wait until the end of the run. A stream must go on after each fault without repeating an item and without missing the
 * last one.
 *
 * @param options.accepted receipts, to which new ones are added
 */
export async function startStreams({
  url,
  accepted,
}: {
  url: string;
  accepted: readonly Accepted[];
}): Promise<Streams> {
  const figures: StreamFigures = { followed: 0, resumed: 0, items: 0, completed: 0, violations: [] };
  const open = new Map<string, { unsubscribe(): void }>();
  let seen = 0;
  let stopped = false;

  /** Each stream has a client, and therefore a connection, of its own. */
  const createClient = (n: number) =>
    createScriptClient({
      baseUrl: url,
      headers: () => ({ 'x-client': `10.200.${Math.floor(n / 250)}.${n % 250}` }),
    });

  function followMail(id: string): void {
    const api = createClient(figures.followed);
    figures.followed += 1;
    let last: { id: string; status: string } | undefined;
    let starts = 0;
    const violate = (what: string) => figures.violations.push(`the stream of mail ${id} ${what}`);
    const subscription = api.email.watch.subscribe(
      { id },
      {
        onStarted() {
          starts += 1;
          if (starts > 1) figures.resumed += 1;
        },
        onData({ id: version, data: { status } }) {
          figures.items += 1;
          if (last?.id === version) violate(`repeats ${version}`);
          last = { id: version, status };
        },
        onError(error) {
          violate(`failed: ${errorData(error)?.reason ?? error.message}`);
          open.delete(id);
        },
        onComplete() {
          if (last?.status === 'sent') figures.completed += 1;
          else violate(`ended with ${last?.id ?? 'nothing'}`);
          open.delete(id);
        },
      },
    );
    open.set(id, subscription);
  }

  async function followAll(): Promise<void> {
    while (!stopped) {
      for (const { id } of accepted.slice(seen)) if (open.size < maxOpen && !open.has(id)) followMail(id);
      seen = accepted.length;
      await delay(20);
    }
  }

  const held: Accepted[] = [];
  for (let n = 0; n < heldCount; n += 1) {
    const key = `chaos-held-${n}`;
    const { id, messageId } = await createClient(n).email.send.mutate({
      email: `held-${n}@visitor.example`,
      contents: 'Seems to come from a bot.',
      idempotencyKey: key,
      leaveEmpty: 'filled',
    });
    held.push({ key, id, messageId });
    followMail(id);
  }
  const following = followAll();

  return {
    held,
    async stop(deadline) {
      stopped = true;
      await following;
      const end = performance.now() + deadline;
      while (open.size > 0 && performance.now() < end) await delay(50);
      for (const [id, { unsubscribe }] of open) {
        figures.violations.push(`the stream of mail ${id} did not end although the mail was sent`);
        unsubscribe();
      }
      return figures;
    },
  };
}
