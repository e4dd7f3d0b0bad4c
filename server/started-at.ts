import { singleton } from './singleton.ts';

/** What is made of the code and the settings alone is as old as the process. */
export const startedAt = () => singleton('started-at', () => new Date());
