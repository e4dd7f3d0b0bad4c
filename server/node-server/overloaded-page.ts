import { createHash } from 'node:crypto';

/** Of the page alone: the build's style sheets would be more requests to a server that has enough of them. */
const style = `
:root { color-scheme: light dark; --page: #fbfbf9; --ink: #1c2024; --link: #0b5fa5 }
@media (prefers-color-scheme: dark) { :root { --page: #111418; --ink: #e8eaed; --link: #7cc0ff } }
body { margin: 0; min-height: 100dvh; display: grid; place-content: center; background: var(--page); color: var(--ink);
  font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif }
main { max-width: 28rem; padding: 1.5rem }
h1 { font-size: 1.5rem; line-height: 1.3 }
a { color: var(--link) }
code { overflow-wrap: anywhere }
`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Lets in nothing but the style of the page itself. */
export const overloadedPagePolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`;

/** What a reader gets while all places for pages are taken. */
export const overloadedPage = (requestId: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Busy · typed-bff</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Too many pages are asked for</h1>
<p>This one could not be made right now. Please <a href="">try again</a> in a moment.</p>
<p>Please quote <code>${requestId}</code> when you report it.</p>
</main>
</body>
</html>
`;
