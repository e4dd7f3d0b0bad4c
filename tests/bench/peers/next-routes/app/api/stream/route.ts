/** What one writes first to pass a file on: the body of `fetch`. */
export async function GET(): Promise<Response> {
  const answer = await fetch(process.env.STREAM_URL ?? '', { cache: 'no-store' });
  return new Response(answer.body, {
    headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-transform' },
  });
}
