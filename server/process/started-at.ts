import { singleton } from '../lib/singleton.ts';
import { coordinator } from './coordinator.ts';

/** What is made of the code and the settings alone is as old as the process, or as its machine's workers. */
export const startedAt = () => singleton('started-at', () => coordinator()?.startedAt ?? new Date());
