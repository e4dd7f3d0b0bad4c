process.env.RATE_LIMITS = 'light=900000000/60'; process.env.DATA_DIR='/tmp/p/h2';
Reflect.set(process.env, 'NODE_ENV', 'production');
const { singleton } = await import('#server/singleton.ts');
const { createLogger } = await import('#server/log.ts');
let n = 0;
singleton('log', () => createLogger({ level: 'info', destination: { write(l: string) { n += l.length; } } }));
const { handleTrpc } = await import('#server/door/trpc-handler.ts');
const { NodeRequest } = await import('#server/front/node-request.ts');
const body = new TextEncoder().encode(JSON.stringify({ json: { hello: 'world', tags: ['a', 'b'], nested: { count: 3, ok: true }, when: '2026-03-29T12:00:00.000Z' }, meta: { values: { when: ['Date'] } } }));
const get = { method: 'GET', url: '/api/trpc/echo.request', headers: { host: 'localhost', 'x-forwarded-for': '127.0.0.1' } };
const post = { method: 'POST', url: '/api/trpc/echo.body', headers: { host: 'localhost', 'content-type': 'application/json', accept: '*/*', 'content-length': '140', 'x-forwarded-for': '127.0.0.1' } };
class Req extends NodeRequest { override async readBody() { return this.method === 'POST' ? body : undefined; } }
const call = (m: object) => handleTrpc(new Req(Object(m), 'http://localhost'));
console.log((await call(get)).body, (await call(post)).body);
const which = process.argv[2] === 'get' ? get : post;
for (let r = 0; r < 8; r++) { const N = 20000; const c = process.cpuUsage(); for (let i = 0; i < N; i += 16) await Promise.all(Array.from({ length: 16 }, () => call(which))); const d = process.cpuUsage(c); console.log(((d.user + d.system) / N).toFixed(1), 'µs'); }
process.exit();
