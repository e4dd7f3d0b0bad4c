import { defineSingleton } from '../lib/singleton.ts';
import { coordinator } from './coordinator.ts';

const date = defineSingleton('started-at', () => coordinator()?.startedAt ?? new Date());

/**
 * Returns the Last-Modified date of documents generated from the code and the settings: the start of the process, or
 * of the first worker with this code and these settings.
 */
export const startedAt = (): Date => date.get();
