/**
 * Loaded into the product with `--import`. It makes the wall clock of the process settable: on SIGUSR2, the clock is
 * shifted by the milliseconds in the file that CLOCK_SHIFT_FILE names.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
let shift = 0;

process.on('SIGUSR2', () => {
  shift = Number(readFileSync(process.env.CLOCK_SHIFT_FILE ?? '', 'utf8'));
});

const now = () => RealDate.now() + shift;

// A Proxy, so that `instanceof Date` stays true for dates that Node creates.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
