const steps = [
  ['Caller', 'A hook, a server component, a script, another service, a feed reader.', null],
  ['Node server', 'Client addresses, timeouts, compression, graceful shutdown.', 'server/node-server'],
  ['HTTP', 'Request id, origin check, body limit, service keys, one log line.', 'server/http'],
  ['Router', 'Batches, rate limits, validation, types for every caller.', 'server/trpc'],
  ['Services', 'Weather, mail and feeds, independent of HTTP and tRPC.', 'server/weather, mail, feed'],
  ['Backends', 'Upstreams with deadline, retries, breaker and cache.', 'server/upstream-client'],
] as const;

/** The path of a call from the caller to the backend. Each step has its own folder. */
export function RequestMap() {
  return (
    <ol className="grid gap-3 sm:grid-cols-2 lg:grid-cols-6">
      {steps.map(([title, text, folder], index) => (
        <li key={title} className="card space-y-1 p-4">
          <p className="text-muted text-sm tabular-nums" aria-hidden="true">
            {index + 1}
          </p>
          <h3>{title}</h3>
          <p className="text-muted text-sm">{text}</p>
          {folder && (
            <p className="text-sm">
              <code>{folder}</code>
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
