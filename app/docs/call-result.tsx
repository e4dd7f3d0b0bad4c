import { Failure } from '#app/_components/failure.tsx';
import { durationInWords } from '#app/_lib/duration-in-words.ts';
import type { SentCall } from './send-call.ts';

/** The result of a call: status, times, limits, headers and body. Screen readers announce the outcome in one sentence. */
export function CallResult({ call, pending }: { call: SentCall | undefined; pending: boolean }) {
  return (
    <div aria-busy={pending} className="space-y-4 empty:hidden">
      <p role="status" className="sr-only">
        {call && !pending ? announcementOf(call) : ''}
      </p>
      {call && (
        <>
          <dl className="grid grid-cols-2 gap-x-6 gap-y-3 text-sm">
            <Fact name="Status" value={call.status === undefined ? 'no response' : String(call.status)} />
            <Fact name="Rate limit" value={rateLimitText(call)} />
            <Fact name="Time to headers" value={timeText(call.headersMs)} />
            <Fact name="Duration" value={`${Math.round(call.durationMs)} ms`} />
            <Fact name="Request id" value={call.requestId ?? 'unknown'} />
          </dl>
          {call.failure && <Failure {...call.failure} />}
          {call.body !== null && <Body text={call.body} />}
          {call.headers.length > 0 && <Headers headers={call.headers} />}
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

function Headers({ headers }: Pick<SentCall, 'headers'>) {
  return (
    <details>
      <summary className="cursor-pointer py-2 text-accent">{headers.length} response headers</summary>
      <dl className="docs-headers">
        {headers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
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

function timeText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'unknown' : `${Math.round(milliseconds)} ms`;
}

function rateLimitText({ rateLimits }: SentCall): string {
  if (rateLimits.length === 0) return 'unknown';
  return rateLimits
    .map(
      ({ name, remaining, resetSeconds }) =>
        `${name}: ${remaining} left for ${durationInWords(resetSeconds)}`,
    )
    .join('; ');
}

function announcementOf({ failure, durationMs }: SentCall): string {
  const time = `${Math.round(durationMs)} milliseconds`;
  return failure ? `The call failed after ${time}.` : `The call succeeded after ${time}.`;
}
