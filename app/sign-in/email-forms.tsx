import { Failure } from '#app/_components/failure.tsx';
import type { MailStep } from '#server/routes/mail-step.ts';

const errors = {
  over: 'This link or code is no longer valid. It works once, for 15 minutes, in the browser that asked for it, and only until its next mail or the fifth wrong code. Please ask for a new mail.',
  'too-many': 'Too many mails were asked for. Please use the latest one, or try again later.',
  'not-an-address': 'Please enter an email address like name@example.org.',
} satisfies Partial<Record<MailStep, string>>;

/** @param props.wait seconds until another mail can be sent; 0 if that is not known */
export function MailProblem({ step, wait }: { step: keyof typeof errors; wait: number }) {
  if (step === 'not-an-address') return null;
  return (
    <Failure
      message={errors[step]}
      data={wait > 0 ? { reason: 'rate_limited', retryAfterSeconds: wait } : undefined}
    />
  );
}

/** Asks for a mail. */
export function EmailForm({ returnTo, isWrong }: { returnTo: string | undefined; isWrong: boolean }) {
  return (
    <section className="space-y-3" aria-labelledby="email">
      <h2 id="email">With your email address</h2>
      <p className="text-muted" id="email-hint">
        You get a mail with a link and a code. There is no password.
      </p>
      <form method="post" action="/auth/email" className="max-w-md space-y-3">
        {returnTo !== undefined && <input type="hidden" name="returnTo" value={returnTo} />}
        <label className="block space-y-1">
          <span className="font-medium">Email address</span>
          <input
            className="field"
            type="email"
            name="email"
            autoComplete="email"
            required
            maxLength={254}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? 'email-error' : 'email-hint'}
          />
        </label>
        {isWrong && (
          <p id="email-error" role="alert" className="text-error">
            {errors['not-an-address']}
          </p>
        )}
        <button className="button" type="submit">
          Send me a link
        </button>
      </form>
    </section>
  );
}

/**
 * Takes the code of a mail. Its text is the same for every address, so it does not reveal which ones may sign in.
 *
 * @param props.endsAt in milliseconds since the epoch
 */
export function CodeForm({
  address,
  triesLeft,
  endsAt,
  returnTo,
  isWrong,
  hasInbox,
  links,
}: {
  address: string;
  triesLeft: number;
  endsAt: number;
  returnTo: string | undefined;
  isWrong: boolean;
  /** True if mails are stored at `/inbox` instead of sent. */
  hasInbox: boolean;
  /** True if the address is added to the account of the user. */
  links: boolean;
}) {
  const until = new Date(endsAt);
  const retry = links
    ? '/account'
    : `/sign-in${returnTo === undefined ? '' : `?${new URLSearchParams({ returnTo })}`}`;
  return (
    <>
      <p>
        If <strong>{address}</strong> may sign in here, a mail is on its way. Open its link in this browser,
        or type its code here. Both work until{' '}
        <time dateTime={until.toISOString()}>{until.toISOString().slice(11, 16)} UTC</time>.
      </p>
      {hasInbox && (
        <p className="card">
          This installation sends no mails. <a href="/inbox">They are in its inbox</a>.
        </p>
      )}
      <form method="post" action="/auth/email/confirm" className="max-w-md space-y-3">
        {returnTo !== undefined && <input type="hidden" name="returnTo" value={returnTo} />}
        <label className="block space-y-1">
          <span className="font-medium">Code</span>
          <input
            className="field font-mono text-lg tracking-widest"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            maxLength={20}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? 'code-error' : 'code-hint'}
          />
        </label>
        {isWrong ? (
          <p id="code-error" role="alert" className="text-error">
            This is not the code of the latest mail.{' '}
            {triesLeft === 1 ? 'You have one try left.' : `You have ${triesLeft} tries left.`}
          </p>
        ) : (
          <p id="code-hint" className="text-muted text-sm">
            Eight digits, with or without the space.
          </p>
        )}
        <button className="button" type="submit">
          {links ? 'Add this address' : 'Sign in'}
        </button>
      </form>
      <p className="text-muted text-sm">
        No mail? <a href={retry}>Try again, or with another address</a>.
      </p>
    </>
  );
}
