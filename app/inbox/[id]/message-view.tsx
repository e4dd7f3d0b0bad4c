import type { InboxMessage } from '#server/mail/inbox-view.ts';
import { headersOf } from '#server/mail/message-headers.ts';
import { type View, viewTitles } from './views.ts';

/** Loads nothing from elsewhere, so that no picture tells its server who opened the mail. */
const framePolicy =
  '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; img-src data:">';

/** One way to look at a mail. */
export function MessageView({ message, view }: { message: InboxMessage; view: View }) {
  return (
    <section aria-label={viewTitles[view]}>
      <Part message={message} view={view} />
    </section>
  );
}

function Part({ message, view }: { message: InboxMessage; view: View }) {
  switch (view) {
    case 'html':
      return (
        // The sandbox blocks scripts, forms and navigation of this page: the message is untrusted.
        <iframe
          title="The message’s HTML"
          sandbox=""
          srcDoc={`${framePolicy}${message.html}`}
          className="h-96 w-full rounded-lg border border-line bg-white"
        />
      );
    case 'text':
      return <pre className="code whitespace-pre-wrap wrap-anywhere">{message.text}</pre>;
    case 'headers':
      return <Headers raw={message.raw} />;
    case 'source':
      return <pre className="code whitespace-pre-wrap wrap-anywhere">{message.raw}</pre>;
  }
}

function Headers({ raw }: { raw: string }) {
  return (
    <table className="inbox-headers">
      <thead>
        <tr>
          <th scope="col">Header</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {headersOf(raw).map(({ name, value }) => (
          <tr key={`${name} ${value}`}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
