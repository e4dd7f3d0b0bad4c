/**
 * `npm run add-to -- PATH`: adds the product to an existing application of Next with the App Router: server, client,
 * routes, packages, scripts and settings. docs/recipes/existing-app.md explains what it changes.
 */
import { addTo, usage } from './add-to/add-to.ts';
import { runCommand } from './operator-command.ts';

await runCommand(usage, async (args) => addTo(args));
