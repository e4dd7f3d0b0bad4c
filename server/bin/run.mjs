/**
 * Runs a command of commands.ts: `node server/bin/run.mjs start`. The scripts of package.json use it, so that the list
 * of `npm run` is readable. Plain JavaScript, because it first checks whether this Node can run TypeScript.
 */
import './check-node.mjs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

// Node 22 warns that it runs TypeScript. Child processes get the option, which only has an effect at their start.
process.execArgv.push('--disable-warning=ExperimentalWarning');
const printers = process.listeners('warning');
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') for (const print of printers) print(warning);
});

// The fixtures of the tests, for the programs that a command starts, too.
if (process.execArgv.includes('--conditions=fixtures')) {
  process.env.NODE_OPTIONS = [process.env.NODE_OPTIONS, '--conditions=fixtures'].filter(Boolean).join(' ');
}

const { commands } = await import('./commands.ts');
const [node = process.execPath, , name, ...rest] = process.argv;
const command = commands.find((each) => each.name === name);
if (command?.file === undefined) {
  process.stderr.write('Usage: node server/bin/run.mjs COMMAND. "npm run help" lists the commands.\n');
  process.exitCode = 2;
} else {
  const file = resolve(command.file);
  process.argv = [node, file, ...(command.args ?? []), ...rest];
  await import(pathToFileURL(file).href);
}
