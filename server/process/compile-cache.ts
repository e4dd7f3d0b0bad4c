import { buildFolder } from './build-folder.ts';

/** Node's module compile cache. It is in the build folder, so that it is deployed with the build. */
export const compileCache = { directory: `${buildFolder}/cache/modules`, portable: true } as const;

/** Returns the environment that gives a child process the same cache, unless the operator has configured one. */
export function compileCacheOfChild(): Record<string, string> {
  if (process.env.NODE_COMPILE_CACHE) return {};
  return { NODE_COMPILE_CACHE: compileCache.directory, NODE_COMPILE_CACHE_PORTABLE: '1' };
}
