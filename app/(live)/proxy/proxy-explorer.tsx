'use client';

import { getUntypedClient } from '@trpc/client';
import type { inferRouterOutputs } from '@trpc/server';
import { type FormEvent, useId, useState } from 'react';
import { Failure, type FailureProps } from '#app/_components/failure.tsx';
import { failureOf } from '#app/_components/failure-of.ts';
import { useHydrated } from '#app/_components/use-hydrated.ts';
import { trpc } from '#client/trpc.ts';
import type { AppRouter } from '#server/router.ts';
import { type FormField, formFieldsOf, inputOf } from './form-fields.ts';

type ListedEndpoint = inferRouterOutputs<AppRouter>['proxy']['endpoints'][number];

export function ProxyExplorer() {
  const endpoints = trpc.proxy.endpoints.useQuery();
  const hydrated = useHydrated();
  if (endpoints.error) return <Failure {...failureOf(endpoints.error)} />;
  if (!endpoints.data) return <p role="status">Loading the endpoints…</p>;
  if (endpoints.data.length === 0) return <p>No backend is declared.</p>;
  return (
    <>
      <noscript>
        <p className="notice">
          This explorer needs JavaScript. The documentation has a curl for each procedure.
        </p>
      </noscript>
      <ul className="space-y-6">
        {endpoints.data.map((endpoint) => (
          <li key={endpoint.path} className="card space-y-4">
            <EndpointForm endpoint={endpoint} ready={hydrated} />
          </li>
        ))}
      </ul>
    </>
  );
}

type Outcome = { answer: unknown } | { failure: Pick<FailureProps, 'message' | 'data'> };

/** A form made from the endpoint's JSON Schema, filled with its example. */
function EndpointForm({ endpoint, ready }: { endpoint: ListedEndpoint; ready: boolean }) {
  const client = getUntypedClient(trpc.useUtils().client);
  const [pending, setPending] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const fields = formFieldsOf(endpoint.input, endpoint.example);

  async function call(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const input = inputOf(fields, new FormData(event.currentTarget));
    setPending(true);
    try {
      const answer =
        endpoint.kind === 'query'
          ? await client.query(endpoint.path, input)
          : await client.mutation(endpoint.path, input);
      setOutcome({ answer });
    } catch (error) {
      setOutcome({ failure: failureOf(error instanceof Error ? error : new Error(String(error))) });
    } finally {
      setPending(false);
    }
  }

  return (
    <>
      <div>
        <h2>
          <code className="break-all">{endpoint.path}</code>
        </h2>
        <p className="text-muted">{endpoint.summary}</p>
        <p>
          <code className="break-all">
            {endpoint.method} {endpoint.template}
          </code>
        </p>
      </div>
      <form className="grid gap-3 sm:grid-cols-2" onSubmit={(event) => void call(event)}>
        {fields.map((field) => (
          <FieldControl key={field.name} field={field} />
        ))}
        <div className="sm:col-span-2">
          <button type="submit" className="button" disabled={pending || !ready}>
            {pending ? 'Calling…' : 'Call'}
          </button>
        </div>
      </form>
      <div aria-live="polite" aria-busy={pending}>
        {outcome && 'failure' in outcome && <Failure {...outcome.failure} />}
        {outcome && 'answer' in outcome && (
          <pre className="code max-h-96 overflow-y-auto whitespace-pre-wrap">
            {JSON.stringify(outcome.answer, null, 2)}
          </pre>
        )}
      </div>
    </>
  );
}

function FieldControl({ field }: { field: FormField }) {
  const id = useId();
  const control = {
    id,
    className: 'field',
    name: field.name,
    required: field.required,
    defaultValue: field.example,
  };
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block font-medium">
        {field.name}
        {field.required ? '' : ' (optional)'}
      </label>
      {field.choices ? (
        <select {...control}>
          {!field.required && <option value="" />}
          {field.choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : field.multiline ? (
        <textarea {...control} rows={4} />
      ) : (
        <input {...control} inputMode={field.numeric ? 'numeric' : 'text'} />
      )}
    </div>
  );
}
