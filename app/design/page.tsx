import type { Metadata } from 'next';
import type { ReactNode } from 'react';
import { Code } from '#app/_components/code.tsx';
import { CopyButton } from '#app/_components/copy-button.tsx';
import { Failure } from '#app/_components/failure.tsx';

export const metadata: Metadata = { title: 'Design', robots: { index: false } };

/** Literal class names, because Tailwind finds no others. */
const colors = [
  ['page', 'bg-page', 'The ground of each page'],
  ['surface', 'bg-surface', 'Cards, fields, header and footer'],
  ['tint', 'bg-tint', 'Code and badges'],
  ['ink', 'bg-ink', 'Text'],
  ['muted', 'bg-muted', 'Text that can wait'],
  ['line', 'bg-line', 'Lines between things'],
  ['edge', 'bg-edge', 'Edges of fields and buttons'],
  ['accent', 'bg-accent', 'Links, focus, the main button'],
  ['accent-surface', 'bg-accent-surface', 'The one surface that stands out'],
  ['warn', 'bg-warn', 'What needs attention'],
  ['error', 'bg-error', 'What failed'],
  ['success', 'bg-success', 'What is done'],
] as const;

/** Every component in every state, for those who build pages. Only in development and in the demo, see proxy.ts. */
export default function DesignPage() {
  return (
    <div className="space-y-14">
      <header className="space-y-3">
        <h1>Design</h1>
        <p className="lead">
          The parts of which the pages are made, in each of their states. Colours and components are in{' '}
          <code>app/globals.css</code>. The theme switch is at the end of the page.
        </p>
      </header>

      <Section id="colours" title="Colours">
        <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {colors.map(([name, className, use]) => (
            <li key={name} className="flex items-center gap-3">
              <span className={`size-11 shrink-0 rounded-lg border border-line ${className}`} />
              <span className="min-w-0">
                <code>{name}</code>
                <span className="block text-muted text-sm">{use}</span>
              </span>
            </li>
          ))}
        </ul>
      </Section>

      <Section id="text" title="Text">
        <p className="font-semibold text-4xl tracking-tight sm:text-6xl">Start page</p>
        <p className="font-semibold text-3xl tracking-tight">Heading of a page</p>
        <p className="font-semibold text-xl tracking-tight">Heading of a section</p>
        <p className="font-semibold">Heading of a part</p>
        <p className="eyebrow">A line above a heading</p>
        <p className="lead">The first paragraph of a page, which says what it is for.</p>
        <p className="max-w-prose">
          Text has at most 75 characters in a line. <a href="#text">A link is underlined</a>, and{' '}
          <code>code</code> is a little smaller. <strong className="font-semibold">Few words</strong> are
          strong.
        </p>
        <p className="text-muted text-sm">Small text for what can wait.</p>
      </Section>

      <Section id="buttons" title="Buttons">
        <div className="flex flex-wrap gap-3">
          <button type="button" className="button">
            Main
          </button>
          <button type="button" className="button" disabled>
            Main, busy
          </button>
          <button type="button" className="button-quiet">
            Other
          </button>
          <button type="button" className="button-quiet" disabled>
            Other, disabled
          </button>
          <button type="button" className="button-danger">
            Delete
          </button>
          <button type="button" className="button-small">
            Small
          </button>
        </div>
      </Section>

      <Section id="fields" title="Fields">
        <div className="grid gap-6 sm:grid-cols-2">
          <Field label="Empty">
            <input className="field" placeholder="What is expected" />
          </Field>
          <Field label="Filled in">
            <input className="field" defaultValue="ada@example.org" />
          </Field>
          <Field label="Invalid">
            <input className="field" defaultValue="ada@" aria-invalid="true" aria-describedby="invalid" />
          </Field>
          <p id="invalid" className="self-end text-error">
            This is not an address. Is the part after @ missing?
          </p>
          <Field label="Disabled">
            <input className="field" defaultValue="Cannot be changed" disabled />
          </Field>
          <Field label="Choice">
            <select className="field">
              <option>One</option>
              <option>Another</option>
            </select>
          </Field>
        </div>
      </Section>

      <Section id="notices" title="Notices and badges">
        <p className="notice notice-info">Something that is good to know.</p>
        <p className="notice notice-success">The mail has been delivered.</p>
        <p className="notice">This is an hour old: the service does not respond.</p>
        <Failure
          message="Too many calls."
          data={{ reason: 'rate_limited', requestId: 'a-request-id', retryAfterSeconds: 90 }}
        />
        <Failure
          message="The service failed."
          data={{
            reason: 'invalid_input',
            requestId: 'a-request-id',
            fieldErrors: { email: ['Not an address.'] },
          }}
        />
        <p className="flex flex-wrap gap-2">
          <span className="badge">neutral</span>
          <span className="badge badge-success">available</span>
          <span className="badge badge-warn">slow</span>
          <span className="badge badge-error">failing</span>
        </p>
      </Section>

      <Section id="surfaces" title="Surfaces">
        <div className="grid gap-4 md:grid-cols-2">
          <div className="card">
            <h3>A card</h3>
            <p className="text-muted">One thing among others.</p>
          </div>
          <div className="card card-link">
            <h3>
              <a className="text-accent after:absolute after:inset-0" href="#surfaces">
                A card that leads somewhere
              </a>
            </h3>
            <p className="text-muted">All of it can be pressed.</p>
          </div>
          <div className="panel md:col-span-2">
            <h3>A panel</h3>
            <p>The one surface of a page that stands out.</p>
          </div>
          <div role="status" className="space-y-3 md:col-span-2">
            <p className="text-muted">Loading</p>
            <div className="skeleton h-5 w-3/5 rounded bg-line" />
            <div className="skeleton h-24 rounded-xl bg-line" />
          </div>
        </div>
      </Section>

      <Section id="code" title="Code">
        <div className="space-y-2" data-sample="">
          <div className="flex items-center justify-between">
            <h3>TypeScript</h3>
            <CopyButton label="the sample" />
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be focusable (WCAG 2.1.1) */}
          <pre className="code" tabIndex={0}>
            <Code language="typescript">{sample}</Code>
          </pre>
        </div>
      </Section>

      <Section id="steps" title="Steps">
        <ol className="steps">
          {['Accepted', 'Sending', 'Delivered'].map((step) => (
            <li key={step}>
              <h3>{step}</h3>
              <p className="text-muted text-sm">What happens in this step.</p>
            </li>
          ))}
        </ol>
      </Section>
    </div>
  );
}

const sample = `// Types come from the router.
const { data } = trpc.session.get.useQuery();
const name: string = data?.user?.name ?? 'nobody';
const tries = 3;`;

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section className="space-y-4" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="block space-y-1">
      <span className="font-medium">{label}</span>
      {children}
    </label>
  );
}
