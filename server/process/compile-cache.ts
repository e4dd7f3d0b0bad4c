/** Where a start finds its modules as the last one compiled them; the folder goes with the build. */
export const compileCache = { directory: '.next/cache/modules', portable: true } as const;

/** The same for a process that is started by this one, unless the operator has chosen a place. */
export function compileCacheOfChild(): Record<string, string> {
  if (process.env.NODE_COMPILE_CACHE) return {};
  return { NODE_COMPILE_CACHE: compileCache.directory, NODE_COMPILE_CACHE_PORTABLE: '1' };
}
