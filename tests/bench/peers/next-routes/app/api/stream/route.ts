/** The obvious way to proxy a file: return the body of `fetch`. */
export async function GET(): Promise<Response> {
  const upstream = await fetch(process.env.STREAM_URL ?? '', { cache: 'no-store' });
  return new Response(upstream.body, {
    headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-transform' },
  });
}
