'use client';

import { Fragment } from 'react';
import { Failure } from '#app/_components/failure.tsx';
import { toFailure } from '#app/_lib/to-failure.ts';
import { useHydrated } from '#app/_lib/use-hydrated.ts';
import { trpc } from '#client/trpc.ts';
import { CallForm } from './call-form.tsx';
import { RawForm } from './raw-form.tsx';

/** A card for each endpoint of the proxy, with a form generated from its declaration. */
export function ProxyExplorer() {
  const endpoints = trpc.proxy.endpoints.useQuery();
  const hydrated = useHydrated();
  if (endpoints.error) return <Failure {...toFailure(endpoints.error)} />;
  if (!endpoints.data) return <p role="status">Loading the endpoints…</p>;
  if (endpoints.data.length === 0) return <p>No backend is declared.</p>;
  return (
    <>
      <noscript>
        <p className="notice">
          This explorer needs JavaScript. The documentation has a curl command for each procedure.
        </p>
      </noscript>
      <ul className="space-y-6">
        {endpoints.data.map((endpoint) => (
          <li key={`${endpoint.method} ${endpoint.path}`} className="card space-y-4">
            <div>
              <h2>
                <code>
                  {endpoint.kind === 'raw' ? (
                    `${endpoint.method} ${endpoint.path}`
                  ) : (
                    <DottedPath path={endpoint.path} />
                  )}
                </code>
              </h2>
              <p className="text-muted">{endpoint.summary}</p>
              {endpoint.kind !== 'raw' && (
                <p>
                  <code className="break-all">
                    {endpoint.method} {endpoint.template}
                  </code>
                </p>
              )}
            </div>
            {endpoint.kind === 'raw' ? (
              <RawForm endpoint={endpoint} ready={hydrated} />
            ) : (
              <CallForm endpoint={endpoint} ready={hydrated} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** A procedure's path that can wrap after its dots. */
function DottedPath({ path }: { path: string }) {
  return path.split('.').map((part, index) => (
    <Fragment key={part}>
      {index > 0 && (
        <>
          .<wbr />
        </>
      )}
      {part}
    </Fragment>
  ));
}
