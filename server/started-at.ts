import { machine } from './machine.ts';
import { singleton } from './singleton.ts';

/** What is made of the code and the settings alone is as old as the process, or as its machine's workers. */
export const startedAt = () => singleton('started-at', () => machine()?.startedAt ?? new Date());
