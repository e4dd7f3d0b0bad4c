import { Failure } from '#app/_components/failure.tsx';
import { describeValue } from '#app/_lib/describe-value.ts';
import { durationInWords } from '#app/_lib/duration-in-words.ts';
import { toFailure } from '#app/_lib/to-failure.ts';
import type { ObservedCall } from '#client/observed-call.ts';

/** The result of a call: status, duration, limits and body. Screen readers announce the outcome in one sentence. */
export function CallResult({ call, pending }: { call: ObservedCall | undefined; pending: boolean }) {
  return (
    <div aria-busy={pending} className="space-y-4 empty:hidden">
      <p role="status" className="sr-only">
        {call && !pending ? announcementOf(call) : ''}
      </p>
      {call && (
        <>
          <dl className="grid grid-cols-2 gap-x-6 gap-y-2 text-sm lg:grid-cols-4">
            <Fact name="Status" value={call.status === undefined ? 'no response' : String(call.status)} />
            <Fact name="Duration" value={`${Math.round(call.durationMs)} ms`} />
            <Fact name="Request id" value={call.requestId ?? 'unknown'} />
            <Fact name="Rate limit" value={rateLimitText(call)} />
          </dl>
          {'error' in call.outcome ? (
            <>
              <Failure {...toFailure(call.outcome.error)} />
              {call.outcome.error.shape && (
                <Body text={JSON.stringify({ error: { json: call.outcome.error.shape } }, null, 2)} />
              )}
            </>
          ) : (
            <Body text={describeValue(call.outcome.data)} />
          )}
        </>
      )}
    </div>
  );
}

function Body({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1)
    <pre className="code max-h-96 overflow-y-auto" tabIndex={0}>
      {text}
    </pre>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="min-w-0">
      <dt className="text-muted">{name}</dt>
      <dd className="tabular-nums">{value}</dd>
    </div>
  );
}

function rateLimitText({ rateLimits }: ObservedCall): string {
  if (rateLimits.length === 0) return 'unknown';
  return rateLimits
    .map(
      ({ name, remaining, resetSeconds }) =>
        `${name}: ${remaining} left for ${durationInWords(resetSeconds)}`,
    )
    .join('; ');
}

function announcementOf({ outcome, durationMs }: ObservedCall): string {
  const time = `${Math.round(durationMs)} milliseconds`;
  return 'error' in outcome ? `The call failed after ${time}.` : `The call succeeded after ${time}.`;
}
