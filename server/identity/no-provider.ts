import { AppError } from '../errors.ts';
import type { Provider } from './provider.ts';

/**
 * Stands for the provider where users sign in by mail alone. Sessions that a provider began before it was removed from the
 * settings go on, without new access tokens.
 */
export const noProvider: Provider = {
  begin: () => Promise.reject(new AppError('identity_unavailable')),
  finish: () => Promise.reject(new AppError('sign_in_failed')),
  refresh: () => Promise.reject(new AppError('reauthentication_required')),
  revoke: () => Promise.resolve(),
  verifyAccessToken: () => Promise.resolve(undefined),
  logoutOf: () => Promise.resolve(undefined),
  endSessionUrl: () => Promise.resolve(undefined),
  lastState: () => 'ok',
};
