import { AppError } from '../errors.ts';

/**
 * Fills the named segments of a path template, each percent-encoded as one segment.
 *
 * @throws AppError `invalid_input` for a segment that could change the path: empty, `.`, `..` or not well-formed
 */
export function fillTemplate(template: string, params: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || /^\.{0,2}$/.test(value) || !value.isWellFormed()) {
      throw new AppError('invalid_input', { fieldErrors: { [`params.${name}`]: ['This cannot be used'] } });
    }
    return encodeURIComponent(value);
  });
}
