const steps = [
  ['Caller', 'A hook, a server component, a script, another service, a feed reader.', null],
  ['Node server', 'Sees the connection: true addresses, timeouts, an orderly end.', 'server/node-server'],
  ['HTTP', 'Origin, size, batch, keys, request id, one log line, one envelope for errors.', 'server/http'],
  ['Router', 'Limits, validation of input and output, types for every caller.', 'server/trpc/procedures'],
  ['Services', 'Weather, mail, feeds: they know nothing of HTTP.', 'server/weather, mail, feed'],
  ['Backends', 'Upstreams with deadline, retry, breaker and cache; the outbox on disk.', 'server/upstream'],
] as const;

/** How a call travels, from the caller to what answers it. Each step stands in a folder of its own. */
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
