import { durationInWords } from '#app/_lib/duration-in-words.ts';
import type { MailMode } from '#server/mail/mode.ts';
import { type MailState, mailStates } from '#server/mail/tables.ts';
import type { Readiness } from '#server/readiness.ts';
import { services } from '#server/services.ts';

export const readinessTexts: Record<Readiness['status'], string> = {
  starting: 'Starting: pages are loading',
  ready: 'Ready',
  not_ready: 'Not ready: the database is down',
  draining: 'Shutting down: running requests finish',
};

const deliveryTexts: Record<MailMode, string> = {
  smtp: 'Sent by SMTP',
  inbox: 'Kept in the inbox',
  held: 'Held until a mail server is configured',
};

const mailTexts: Record<MailState, string> = {
  queued: 'Queued',
  sending: 'Sending',
  sent: 'Sent',
  dead: 'Undeliverable',
  held: 'Held',
  suspected: 'Suspected',
};

/** The state of this instance and its dependencies, the outbox, and the rate limits. */
export async function InstanceStatus({ status, dependencies }: Readiness) {
  const { mail, env } = services();
  const counts = await mail.operations.counts().catch(() => undefined);
  const { database, identityProvider, mailDelivery, redis } = dependencies;
  return (
    <>
      <section aria-labelledby="instance" className="space-y-4">
        <h2 id="instance">This instance</h2>
        <dl className="card facts">
          <Fact term="State" text={readinessTexts[status]} />
          <Fact
            term={`Database (${env.DATABASE_URL ? 'PostgreSQL' : 'SQLite'})`}
            text={database.state === 'ok' ? 'Available' : 'Not available'}
          />
          {identityProvider && (
            <Fact
              term="Sign-in"
              text={identityProvider.state === 'ok' ? 'Available' : 'The provider does not respond'}
            />
          )}
          <Fact term="Mail delivery" text={deliveryTexts[mailDelivery.state]} />
          <Fact
            term="Rate limits and cache"
            text={
              redis === undefined
                ? 'In memory'
                : redis.state === 'ok'
                  ? 'Shared through Redis'
                  : 'Redis is down: in memory'
            }
          />
        </dl>
      </section>
      <section aria-labelledby="outbox" className="space-y-4">
        <h2 id="outbox">Outbox</h2>
        {counts ? (
          <dl className="card facts">
            {mailStates.map((state) => (
              <Fact key={state} term={mailTexts[state]} text={String(counts[state])} />
            ))}
          </dl>
        ) : (
          <p className="notice">The outbox is not available at the moment.</p>
        )}
      </section>
      <section aria-labelledby="limits" className="space-y-4">
        <h2 id="limits">Rate limits</h2>
        <dl className="card facts">
          {(['light', 'upstream', 'mail'] as const).map((name) => (
            <Fact key={name} term={`Calls of class ${name}`} text={limitText(env.RATE_LIMITS[name])} />
          ))}
        </dl>
      </section>
    </>
  );
}

const windows: Record<number, string> = { 60: 'a minute', 3600: 'an hour', 86400: 'a day' };

function limitText({ points, windowSeconds }: { points: number; windowSeconds: number }): string {
  const window = windows[windowSeconds] ?? `every ${durationInWords(windowSeconds)}`;
  return `${points.toLocaleString('en')} ${window} per caller`;
}

function Fact({ term, text }: { term: string; text: string }) {
  return (
    <div>
      <dt className="text-muted text-sm">{term}</dt>
      <dd className="tabular-nums">{text}</dd>
    </div>
  );
}
