import { connection } from 'next/server';
import { services } from '#server/services.ts';
import { describeFailure } from '#server/trpc/caller.ts';
import { CallSamples } from './_components/call-samples.tsx';
import { Failure } from './_components/failure.tsx';
import { PageLink } from './_components/page-link.tsx';
import { RequestMap } from './_components/request-map.tsx';
import { api } from './_lib/api.ts';
import { pageMetadata } from './_lib/page-metadata.ts';

/** Rendered for each request, so that the answer on it is a live one. */
export const instant = false;

export const generateMetadata = () =>
  pageMetadata({
    path: '/',
    description:
      'One Next.js application whose tRPC router answers components, scripts and services with the same types.',
  });
const destinations = [
  ['/weather', 'Weather', 'Two sources put together, complete on the first paint.'],
  ['/contact', 'Contact', 'A form that sends real mail, also without JavaScript.'],
  ['/echo', 'Echo console', 'Dates, maps and bigints keep their types on the way.'],
  ['/proxy', 'Proxy explorer', 'Other backends behind one typed, closed list.'],
  ['/status', 'Status', 'How the backends and the outbox are doing, live.'],
  ['/docs', 'Documentation', 'Every procedure with its schemas, examples and a form to try it.'],
] as const;

export default async function StartPage() {
  await connection();
  const siteUrl = services().env.SITE_URL;

  return (
    <div className="space-y-14">
      <section className="space-y-4">
        <h1 className="text-4xl sm:text-5xl">A typed backend for your frontend</h1>
        <p className="max-w-prose text-lg text-muted">
          One Next.js application. Its tRPC router answers React components, server components, scripts and
          other services with the same types; its raw routes serve feeds and files. It runs on nothing but
          Node, and is safe to put on the internet as it stands.
        </p>
        <pre className="code inline-block max-w-full">npm ci && npm run demo</pre>
      </section>

      <section className="space-y-4" aria-labelledby="calls">
        <h2 id="calls">One procedure, four callers</h2>
        <div className="grid items-start gap-6 lg:grid-cols-2">
          <CallSamples siteUrl={siteUrl} />
          <LiveAnswer />
        </div>
      </section>

      <section className="space-y-4" aria-labelledby="way">
        <h2 id="way">The way of a call</h2>
        <RequestMap />
      </section>

      <section className="space-y-4" aria-labelledby="tour">
        <h2 id="tour">See it work</h2>
        <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {destinations.map(([href, name, text]) => (
            <li key={href} className="card relative hover:border-accent">
              <PageLink className="font-medium text-accent after:absolute after:inset-0" href={href}>
                {name}
              </PageLink>
              <p className="text-muted">{text}</p>
            </li>
          ))}
        </ul>
        <p>
          For machines: <a href="/llms.txt">llms.txt</a> describes every procedure, the{' '}
          <PageLink href="/feeds">feeds</PageLink> carry the posts.
        </p>
      </section>
    </div>
  );
}

/** What the samples beside it give, called while this page is rendered. */
async function LiveAnswer() {
  const startedAt = performance.now();
  const answer = await api.weather
    .forecast({ lat: 52.52, lng: 13.41, days: 1 })
    .then((forecast) => ({ forecast }))
    .catch((error: unknown) => ({ failure: describeFailure(error) }));
  const took = Math.max(1, Math.round(performance.now() - startedAt));
  if ('failure' in answer) return <Failure {...answer.failure} />;
  const { current, units, source } = answer.forecast;
  return (
    <div className="min-w-0 space-y-2">
      <h3>The answer, made for this page in {took} ms</h3>
      <pre className="code">{JSON.stringify({ current, units, source }, null, 2)}</pre>
    </div>
  );
}
