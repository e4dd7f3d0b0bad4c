'use client';

import { type FormEvent, useId, useState } from 'react';
import type { SuperJSONResult } from 'superjson';
import { ServiceKeyField } from '#app/_components/service-key-field.tsx';
import { unreachableMessage } from '#app/_lib/unreachable.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
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
  const [parts, setParts] = useState<Parts>();
  const [isUnreachable, setIsUnreachable] = useState(false);
  const hydrated = useHydrated();
  const id = useId();

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    setPending(true);
    const loaded = parts ?? (await load().catch(() => undefined));
    setParts(loaded);
    setIsUnreachable(loaded === undefined);
    const result = await loaded?.sendCall({ path, type, input: takesInput ? input : null, serviceKey });
    setPending(false);
    setProblem(result && 'problem' in result ? result.problem : undefined);
    if (result && 'sent' in result) setCall(result.sent);
  }

  function loadAhead(): void {
    // The call reports a failure.
    load().then(setParts, () => undefined);
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
      {isUnreachable && (
        <p role="alert" className="notice notice-error">
          {unreachableMessage()}
        </p>
      )}
      {parts && <parts.CallResult call={call} pending={pending} />}
    </div>
  );
}

type Parts = Awaited<ReturnType<typeof load>>;

/** Loads the client, superjson and the result, which are larger than the form and of use only after a call. */
async function load() {
  const [{ sendCall }, { CallResult }] = await Promise.all([
    import('./send-call.ts'),
    import('./call-result.tsx'),
  ]);
  return { sendCall, CallResult };
}
