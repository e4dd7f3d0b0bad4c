import { Code, type CodeLanguage } from './code.tsx';

/** The same call from each kind of caller. Plain radio buttons switch between them, so it works without JavaScript. */
export function CallSamples({ siteUrl }: { siteUrl: string }) {
  const samples = [
    ['React component', hook, 'typescript'],
    ['Server component', serverComponent, 'typescript'],
    ['Script or service', script(siteUrl), 'typescript'],
    ['curl', curl(siteUrl), 'bash'],
  ] as const satisfies readonly (readonly [string, string, CodeLanguage])[];
  return (
    <fieldset className="samples min-w-0 space-y-2">
      <legend className="float-start w-full pb-2 font-semibold">Called from</legend>
      <div className="clear-both flex flex-wrap gap-2">
        {samples.map(([title], index) => (
          <label key={title} className="sample-choice">
            <input
              type="radio"
              name="sample"
              value={index}
              defaultChecked={index === 0}
              className="sr-only"
            />
            {title}
          </label>
        ))}
      </div>
      {samples.map(([title, code, language], index) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section key={title} data-sample={index} aria-label={title} tabIndex={0} className="code">
          <pre>
            <Code language={language}>{code}</Code>
          </pre>
        </section>
      ))}
    </fieldset>
  );
}

const hook = `'use client';
import { trpc } from '#client/trpc.ts';

export function Temperature() {
  const forecast = trpc.weather.forecast
    .useQuery({ lat: 52.52, lng: 13.41, days: 1 });

  return forecast.data?.current?.temperature;
  // inferred: number | null | undefined
}`;

const serverComponent = `import { api } from '#app/_lib/api.ts';

export async function Temperature() {
  // In process, with inferred types
  const forecast = await api.weather
    .forecast({ lat: 52.52, lng: 13.41, days: 1 });

  return forecast.current?.temperature;
}`;

const script = (siteUrl: string) => `import { createScriptClient } from './client/node.ts';

const api = createScriptClient({
  baseUrl: '${siteUrl}',
});

const forecast = await api.weather.forecast
  .query({ lat: 52.52, lng: 13.41, days: 1 });

console.log(forecast.current?.temperature);`;

const curl = (siteUrl: string) => `curl ${siteUrl}/api/trpc/weather.forecast \\
  -H 'content-type: application/json' \\
  -d '{"json":{"lat":52.52,"lng":13.41,"days":1}}'`;
