import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Procedures per namespace. Each namespace is one file, as in a real router. */
const perNamespace = 20;

/**
 * Writes a router with this many procedures, built with the product's own `init.ts`, and a client that calls it.
 *
 * @returns the path of the client and the position in it at which a completion is requested
 */
export function generateRouter(folder: string, procedures: number) {
  mkdirSync(folder, { recursive: true });
  const trpc = relative(folder, 'server/trpc/init.ts');
  const namespaces = Math.ceil(procedures / perNamespace);
  const names = Array.from({ length: namespaces }, (_, index) => `part${index}`);
  for (const [index, name] of names.entries()) {
    const count = Math.min(perNamespace, procedures - index * perNamespace);
    writeFileSync(join(folder, `${name}.ts`), namespaceOf(name, trpc, count));
  }
  writeFileSync(
    join(folder, 'router.ts'),
    `import { router } from '${trpc}';
${names.map((name) => `import { ${name} } from './${name}.ts';`).join('\n')}

export const appRouter = router({ ${names.join(', ')} });
export type AppRouter = typeof appRouter;
`,
  );
  const lines = [
    "import { createTRPCClient, httpBatchLink } from '@trpc/client';",
    "import superjson from 'superjson';",
    "import type { AppRouter } from './router.ts';",
    '',
    'const trpc = createTRPCClient<AppRouter>({',
    "  links: [httpBatchLink({ url: 'http://localhost/api/trpc', transformer: superjson })],",
    '});',
    "const place = await trpc.part0.call0.query({ name: 'a', count: 1 });",
    'export const title: string = place.title;',
    'trpc.part0.call0;',
    '',
  ];
  const client = join(folder, 'client.ts');
  writeFileSync(client, lines.join('\n'));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: relative(folder, 'tsconfig.json'),
      compilerOptions: { incremental: false, plugins: [] },
      include: ['./*.ts'],
      exclude: [],
    }),
  );
  return { client, position: { line: 9, character: 'trpc.part0.'.length } };
}

function namespaceOf(name: string, trpc: string, count: number): string {
  const procedures = Array.from(
    { length: count },
    (_, index) => `  call${index}: publicProcedure({
    summary: 'Call ${index}',
    description: 'One of many',
    sensitive: false,
    rateLimit: 'light',
  })
    .input(z.object({ name: z.string(), count: z.int().min(1), note${index}: z.string().optional() }))
    .output(z.object({ title: z.string(), times: z.array(z.object({ at: z.date(), value${index}: z.number().nullable() })) }))
    .query(({ input }) => ({ title: input.name, times: [{ at: new Date(), value${index}: input.count }] })),`,
  );
  return `import { z } from 'zod';
import { publicProcedure, router } from '${trpc}';

export const ${name} = router({
${procedures.join('\n')}
});
`;
}
