import { connection } from 'next/server';
import { limits } from '#server/config/limits.ts';
import { productTagline } from '#server/config/product-name.ts';
import { customPages } from '#server/custom/pages.ts';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { BenchFigures } from './_components/bench-figures.tsx';
import { CallSamples } from './_components/call-samples.tsx';
import { Code } from './_components/code.tsx';
import { CopyButton } from './_components/copy-button.tsx';
import { Failure } from './_components/failure.tsx';
import { PageLink } from './_components/page-link.tsx';
import { RequestMap } from './_components/request-map.tsx';
import { api } from './_lib/api.ts';
import { inTime } from './_lib/in-time.ts';
import { pageMetadata } from './_lib/page-metadata.ts';
import { areNotesOffered } from './(interactive)/notes/offered.ts';
import { forecastUnavailable } from './(interactive)/weather/unavailable.ts';

/** Rendered per request, so that it shows a live response. */
export const instant = false;

export const generateMetadata = () =>
  pageMetadata({
    path: '/',
    description:
      'One Next.js application whose tRPC router serves components, scripts and services with the same types.',
  });
const destinations = [
  ...customPages,
  { path: '/contact', name: 'Contact', description: 'A form that sends real mail, also without JavaScript.' },
  {
    path: '/proxy',
    name: 'Proxy explorer',
    description: 'Other backends behind a closed list of typed endpoints.',
  },
  { path: '/status', name: 'Status', description: 'The live state of the backends and the outbox.' },
  {
    path: '/docs',
    name: 'Documentation',
    description: 'Every procedure with its schemas, examples and a form to call it.',
  },
] as const;
const notes = {
  path: '/notes',
  name: 'Notes',
  description: 'Your own notes in another service, called with your access token.',
} as const;

export default async function StartPage() {
  await connection();
  const siteUrl = services().env.SITE_URL;
  const shown = areNotesOffered() ? [...destinations, notes] : destinations;

  return (
    <div className="space-y-16">
      <section className="panel space-y-6 sm:py-14">
        <p className="eyebrow">For teams who build on Next.js and tRPC</p>
        <h1 className="text-4xl sm:text-6xl">{productTagline}</h1>
        <p className="lead">
          One application serves your React components, server components, scripts and other services with the
          same types. Rate limits, retries, sign-in, mail, jobs and feeds are there, it needs only Node, and
          it is safe to expose to the internet as it is.
        </p>
        <div className="flex flex-wrap items-center gap-3">
          <PageLink className="button" href="/docs">
            Read the documentation
          </PageLink>
          <div
            data-sample=""
            className="flex min-h-11 min-w-0 items-center gap-3 rounded-lg border border-line bg-surface pe-1 ps-4"
          >
            <pre className="overflow-x-auto">
              <Code language="bash">npm ci && npm run demo</Code>
            </pre>
            <CopyButton label="the command" />
          </div>
        </div>
      </section>

      <section className="space-y-4" aria-labelledby="calls">
        <h2 id="calls">One procedure, four callers</h2>
        <div className="grid items-start gap-6 lg:grid-cols-2">
          <CallSamples siteUrl={siteUrl} />
          <LiveResponse />
        </div>
      </section>

      <BenchFigures />

      <section className="space-y-6" aria-labelledby="path">
        <h2 id="path">The path of a call</h2>
        <RequestMap />
      </section>

      <section className="space-y-4" aria-labelledby="tour">
        <h2 id="tour">See it in action</h2>
        <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {shown.map(({ path, name, description }) => (
            <li key={path} className="card card-link">
              <PageLink className="font-medium text-accent after:absolute after:inset-0" href={path}>
                {name}
              </PageLink>
              <p className="text-muted">{description}</p>
            </li>
          ))}
        </ul>
        <p>
          For programs: <a href="/llms.txt">llms.txt</a> describes every procedure, and the{' '}
          <PageLink href="/feeds">feeds</PageLink> contain the posts.
        </p>
      </section>
    </div>
  );
}

/** The response to the call in the samples, fetched while the page renders. The page does not wait for a late one. */
async function LiveResponse() {
  const startedAt = performance.now();
  const result = await inTime(
    api.weather
      .forecast({ lat: 52.52, lng: 13.41, days: 1 })
      .then((forecast) => ({ forecast }))
      .catch((error: unknown) => ({ failure: describeFailure(error) })),
  );
  const durationMs = Math.max(1, Math.round(performance.now() - startedAt));
  if (!result) return <LateResponse />;
  if ('failure' in result) {
    return <Failure {...result.failure} unavailable={forecastUnavailable} />;
  }
  const { current, units, source } = result.forecast;
  return (
    <div className="min-w-0 space-y-2">
      <h3>The response, fetched for this page in {durationMs} ms</h3>
      <pre className="code">
        <Code language="json">{JSON.stringify({ current, units, source }, null, 2)}</Code>
      </pre>
    </div>
  );
}

function LateResponse() {
  return (
    <div className="min-w-0 space-y-2">
      <h3>The response is late</h3>
      <p className="card text-muted">
        The weather service did not respond within {limits.pageDataTimeout} ms, and this page does not wait
        longer. <a href="/">Try again</a>
      </p>
    </div>
  );
}
