/**
 * Whether this process runs with the condition `fixtures`, in which lists of `tests/fixtures/custom` replace those of
 * `server/custom`: see `imports` in package.json.
 */
export const hasFixtures = [...process.execArgv, process.env.NODE_OPTIONS].some((option) =>
  option?.includes('--conditions=fixtures'),
);

/** Next's output. The build with fixtures is separate, so that `npm start` never serves it. */
export const buildFolder = hasFixtures ? '.next-fixtures' : '.next';
