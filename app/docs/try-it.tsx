'use client';

import { type FormEvent, useId, useState } from 'react';
import type { SuperJSONResult } from 'superjson';
import { ServiceKeyField } from '#app/_components/service-key-field.tsx';
import { unreachableMessage } from '#app/_lib/unreachable.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { CallResult } from './call-result.tsx';
import type { SentCall } from './send-call.ts';
import { textOfExample } from './try-input.ts';

type Props = {
  path: string;
  type: 'query' | 'mutation';
  scope: string | null;
  /** In wire format: React's serialization of props supports other types than superjson. */
  examples: readonly SuperJSONResult[];
  takesInput: boolean;
};

/** A form that really calls the procedure, as any typed client does, and shows the whole response. */
export function TryIt({ path, type, scope, examples, takesInput }: Props) {
  const [input, setInput] = useState(() => textOfExample(examples[0] ?? { json: undefined }));
  const [serviceKey, setServiceKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [pending, setPending] = useState(false);
  const [call, setCall] = useState<SentCall>();
  const hydrated = useHydrated();
  const id = useId();

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    setPending(true);
    const loaded = await load().catch(() => undefined);
    const result = loaded
      ? await loaded.sendCall({ path, type, input: takesInput ? input : null, serviceKey })
      : { sent: notSent() };
    setPending(false);
    setProblem('problem' in result ? result.problem : undefined);
    if ('sent' in result) setCall(result.sent);
  }

  return (
    <div className="card space-y-4">
      <form
        className="space-y-4"
        onFocus={loadAhead}
        onPointerEnter={loadAhead}
        onSubmit={(event) => void send(event)}
      >
        {takesInput && (
          <div className="space-y-1">
            <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 gap-y-1">
              <label htmlFor={`${id}-input`} className="font-medium">
                {input.format === 'json' ? 'Input as JSON' : 'Input as superjson'}
              </label>
              {examples.length > 1 && (
                <span className="flex flex-wrap gap-2">
                  {examples.map((example, index) => (
                    <button
                      key={JSON.stringify(example)}
                      type="button"
                      className="button-small"
                      onClick={() => setInput(textOfExample(example))}
                    >
                      Example {index + 1}
                    </button>
                  ))}
                </span>
              )}
            </div>
            <textarea
              id={`${id}-input`}
              className="field font-mono text-sm"
              rows={Math.min(14, Math.max(4, input.text.split('\n').length))}
              spellCheck={false}
              autoComplete="off"
              value={input.text}
              aria-invalid={problem !== undefined}
              aria-describedby={problem === undefined ? undefined : `${id}-problem`}
              onChange={(event) => setInput({ ...input, text: event.target.value })}
            />
            {problem !== undefined && (
              <p id={`${id}-problem`} role="alert" className="text-warn">
                {problem}
              </p>
            )}
          </div>
        )}
        {scope !== null && (
          <ServiceKeyField
            scope={scope}
            value={serviceKey}
            onChange={(event) => setServiceKey(event.target.value)}
          />
        )}
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <button type="submit" className="button" disabled={pending || !hydrated}>
            {pending ? 'Calling…' : 'Call'}
          </button>
          {type === 'mutation' && (
            <p className="text-muted text-sm">This is a mutation: the call has real effects.</p>
          )}
        </div>
        <noscript>
          <p className="notice">This form needs JavaScript. The curl command does not.</p>
        </noscript>
      </form>
      <CallResult call={call} pending={pending} />
    </div>
  );
}

/** Loads the client and superjson, which are larger than the rest of the page. */
const load = () => import('./send-call.ts');

function loadAhead(): void {
  // The call reports the failure.
  load().catch(() => undefined);
}

/** The result of a call whose client could not be loaded. */
function notSent(): SentCall {
  return {
    failure: { message: unreachableMessage() },
    body: null,
    durationMs: 0,
    status: undefined,
    headersMs: undefined,
    headers: [],
    requestId: undefined,
    rateLimits: [],
  };
}
