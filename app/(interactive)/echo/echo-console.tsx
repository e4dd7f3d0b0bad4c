'use client';

import { useId, useState } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { describeValue } from '#app/_lib/describe-value.ts';
import { toFailure } from '#app/_lib/to-failure.ts';
import { trpc } from '#client/trpc.ts';

const typedSample = () => ({
  when: new Date(),
  tags: new Set(['typed', 'echo']),
  counts: new Map([['calls', 1n]]),
  big: 2n ** 64n,
  nothing: undefined,
});

export function EchoConsole() {
  const [text, setText] = useState('{ "hello": "world" }');
  const [problem, setProblem] = useState<string>();
  const echo = trpc.echo.body.useMutation();
  const request = trpc.echo.request.useQuery();
  const id = useId();

  function sendText(): void {
    const parsed = parseJson(text);
    setProblem(parsed.problem);
    if (parsed.problem === undefined) echo.mutate(parsed.value);
  }

  return (
    <>
      <section className="space-y-4" aria-labelledby={`${id}-body`}>
        <h2 id={`${id}-body`}>echo.body</h2>
        <form
          className="space-y-3"
          onSubmit={(event) => {
            event.preventDefault();
            sendText();
          }}
        >
          <label className="block space-y-1">
            <span className="font-medium">JSON to send</span>
            <textarea
              className="field font-mono"
              rows={5}
              spellCheck={false}
              value={text}
              aria-invalid={problem !== undefined}
              aria-describedby={problem ? `${id}-problem` : undefined}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          {problem && (
            <p id={`${id}-problem`} role="alert" className="text-error">
              {problem}
            </p>
          )}
          <div className="flex flex-wrap gap-3">
            <button type="submit" className="button" disabled={echo.isPending}>
              {echo.isPending ? 'Sending…' : 'Send'}
            </button>
            <button
              type="button"
              className="button-quiet"
              disabled={echo.isPending}
              onClick={() => echo.mutate(typedSample())}
            >
              Send dates, maps, sets and bigints
            </button>
          </div>
        </form>
        <div aria-live="polite">
          {echo.error && <Failure {...toFailure(echo.error)} />}
          {echo.data && (
            <pre className="code wrap-anywhere whitespace-pre-wrap">{describeValue(echo.data.res)}</pre>
          )}
        </div>
        <noscript>
          <p>This console needs JavaScript. The curl sample on the start page does not.</p>
        </noscript>
      </section>

      <section className="space-y-4" aria-labelledby={`${id}-request`}>
        <h2 id={`${id}-request`}>echo.request</h2>
        <p className="text-muted">
          The server made this call while it rendered the page. Call it from the browser to see your own
          request.
        </p>
        {request.error && <Failure {...toFailure(request.error)} />}
        {request.data && (
          <pre className="code wrap-anywhere whitespace-pre-wrap">{describeValue(request.data)}</pre>
        )}
        <button
          type="button"
          className="button-quiet"
          disabled={request.isFetching}
          onClick={() => request.refetch()}
        >
          Call it from the browser
        </button>
      </section>
    </>
  );
}

function parseJson(text: string): { value?: unknown; problem?: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `Invalid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
