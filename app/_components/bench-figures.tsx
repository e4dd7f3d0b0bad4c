/** Processor time of one call in microseconds, and the ratio of the two (median of the rounds). */
const figures = [
  { call: 'A query', ours: 80, theirs: 685, ratio: 8.5 },
  { call: 'A mutation', ours: 131, theirs: 789, ratio: 5.4 },
  { call: 'A batch of ten', ours: 276, theirs: 1_152, ratio: 4.2 },
] as const;
const longest = Math.max(...figures.map(({ theirs }) => theirs));

/** What a call costs here and in create-t3-app, with the day and the way of the measurement. */
export function BenchFigures() {
  return (
    <section className="space-y-4" aria-labelledby="cost">
      <h2 id="cost">More calls from each core</h2>
      <ul className="grid gap-4 md:grid-cols-3">
        {figures.map(({ call, ours, theirs, ratio }) => (
          <li key={call} className="card space-y-3">
            <h3 className="text-muted">{call}</h3>
            <p className="font-semibold text-3xl tabular-nums tracking-tight">{ratio}×</p>
            <dl className="space-y-2 text-sm">
              <Bar name="typed-bff" time={ours} className="fill-accent" />
              <Bar name="create-t3-app" time={theirs} className="fill-edge" />
            </dl>
          </li>
        ))}
      </ul>
      <details className="max-w-prose text-muted text-sm">
        <summary className="cursor-pointer py-2">How this was measured</summary>
        <p>
          On 28 November 2026, on one core of a virtual machine on which nothing else ran: five rounds, in
          which the two took turns. Everything is on: rate limits, validation of input and output, a log line
          for each call. The ratios are the medians of the rounds. <code>npm run bench</code> measures it
          again, beside a plain Node server, Hono and oRPC.
        </p>
      </details>
    </section>
  );
}

function Bar({ name, time, className }: { name: string; time: number; className: string }) {
  return (
    <div>
      <dt className="flex justify-between gap-3 text-muted">
        {name}
        <span className="text-ink tabular-nums">{time.toLocaleString('en')} µs</span>
      </dt>
      <dd>
        <svg aria-hidden="true" className="mt-1 h-2 w-full" viewBox="0 0 100 2" preserveAspectRatio="none">
          <rect width={(100 * time) / longest} height="2" className={className} />
        </svg>
      </dd>
    </div>
  );
}
