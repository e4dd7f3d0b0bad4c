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
    <ol className="steps">
      {steps.map(([title, text, folder]) => (
        <li key={title} className="space-y-1">
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
