import Link from 'next/link';
import { connection } from 'next/server';
import { services } from '#server/services.ts';
import { pageMetadata } from './_components/page-metadata.ts';
import { api } from './api.ts';

/** Rendered for each request, so that the answer below is a live one. */
export const instant = false;

export const generateMetadata = () =>
  pageMetadata({
    path: '/',
    description:
      'One Next.js application whose tRPC router answers components, scripts and services with the same types.',
  });

export default async function StartPage() {
  await connection();
  const seen = await api.echo.request();
  const siteUrl = services().env.SITE_URL;

  return (
    <div className="space-y-12">
      <section className="space-y-4">
        <h1>A typed backend for your frontend</h1>
        <p className="max-w-prose text-lg text-muted">
          One Next.js application. Its tRPC router answers React components, server components, scripts and
          other services with the same types; its raw routes serve feeds and files. It runs on nothing but
          Node, and is safe to put on the internet as it stands.
        </p>
      </section>

      <section className="space-y-4" aria-labelledby="calls">
        <h2 id="calls">One procedure, four callers</h2>
        <div className="grid gap-4 md:grid-cols-2">
          <Sample title="React component" code={hookSample} />
          <Sample title="Server component" code={serverSample} />
          <Sample title="Script or other service" code={scriptSample(siteUrl)} />
          <Sample title="curl" code={curlSample(siteUrl)} />
        </div>
      </section>

      <section className="space-y-4" aria-labelledby="live">
        <h2 id="live">A live answer</h2>
        <p className="text-muted">
          This page called <code>echo.request</code> while it was rendered:
        </p>
        <pre className="code">
          {JSON.stringify({ ...seen, receivedAt: seen.receivedAt.toISOString() }, null, 2)}
        </pre>
      </section>

      <section className="space-y-4" aria-labelledby="tour">
        <h2 id="tour">See it work</h2>
        <ul className="grid gap-4 sm:grid-cols-2">
          <li className="card">
            <Link className="font-medium text-accent" href="/weather">
              Weather
            </Link>
            <p className="text-muted">Two sources put together, complete on the first paint.</p>
          </li>
          <li className="card">
            <Link className="font-medium text-accent" href="/contact">
              Contact
            </Link>
            <p className="text-muted">A form that sends real mail, also without JavaScript.</p>
          </li>
          <li className="card">
            <Link className="font-medium text-accent" href="/echo">
              Echo console
            </Link>
            <p className="text-muted">Dates, maps and bigints keep their types on the way.</p>
          </li>
          <li className="card">
            <Link className="font-medium text-accent" href="/docs">
              Documentation
            </Link>
            <p className="text-muted">Every procedure with its schemas, examples and a form to try it.</p>
          </li>
          <li className="card">
            <Link className="font-medium text-accent" href="/proxy">
              Proxy explorer
            </Link>
            <p className="text-muted">Other backends behind one typed, closed list.</p>
          </li>
        </ul>
        <p>
          For machines: <a href="/llms.txt">llms.txt</a> describes every procedure, the{' '}
          <Link href="/feeds">feeds</Link> carry the posts.
        </p>
      </section>
    </div>
  );
}

function Sample({ title, code }: { title: string; code: string }) {
  return (
    <div className="min-w-0 space-y-2">
      <h3>{title}</h3>
      <pre className="code">{code}</pre>
    </div>
  );
}

const hookSample = `const forecast = trpc.weather.forecast
  .useQuery({ lat: 52.52, lng: 13.41 });

forecast.data?.current?.temperature;`;

const serverSample = `const forecast = await api.weather
  .forecast({ lat: 52.52, lng: 13.41 });

forecast.current?.temperature;`;

const scriptSample = (siteUrl: string) => `const api = createScriptClient({
  baseUrl: '${siteUrl}',
});
await api.weather.forecast
  .query({ lat: 52.52, lng: 13.41 });`;

const curlSample = (siteUrl: string) => `curl ${siteUrl}/api/trpc/weather.forecast \\
  -H 'content-type: application/json' \\
  -d '{"json":{"lat":52.52,"lng":13.41}}'`;
