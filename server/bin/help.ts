/** `npm run help`: lists all commands, one in each line. */
import { commands } from './commands.ts';

const groups = Map.groupBy(commands, ({ group }) => group);
const width = Math.max(...commands.map(({ name }) => name.length));
const lines = [...groups].map(([group, members]) => {
  const rows = members.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `${group}\n${rows.join('\n')}`;
});

console.log(`npm run COMMAND

${lines.join('\n\n')}

Options follow two hyphens: npm run new -- procedure order-list
docs/commands.md has the details.`);
