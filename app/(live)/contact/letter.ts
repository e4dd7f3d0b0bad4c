import type { RegisterOptions } from 'react-hook-form';
import type { limits } from '#server/config/limits.ts';

/** What the form asks for. */
export type Letter = { email: string; name: string; subject: string; contents: string; website: string };

export const letterFields = ['email', 'name', 'subject', 'contents'] as const;

/** The server's own numbers: others here do not compile. */
type MailLimits = (typeof limits)['mail'];
const addressLength: MailLimits['addressLength'] = 254;
const nameLength: MailLimits['nameLength'] = 100;
const subjectLength: MailLimits['subjectLength'] = 150;
const contentsLength: MailLimits['contentsLength'] = 5_000;

const noSuchAddress = 'Please give an email address like name@example.org';
const nothingWritten = 'Please write something';

/**
 * What can be told while somebody writes. The server checks all of it again, and more; its sentences are the same
 * where the objection is.
 */
export const letterRules = {
  email: {
    required: noSuchAddress,
    maxLength: { value: addressLength, message: noSuchAddress },
    pattern: { value: /^\S+@[^\s@.]+(?:\.[^\s@.]+)+$/, message: noSuchAddress },
  },
  name: { maxLength: atMost(nameLength) },
  subject: { maxLength: atMost(subjectLength) },
  contents: {
    required: nothingWritten,
    maxLength: atMost(contentsLength),
    validate: (text) => text.trim() !== '' || nothingWritten,
  },
} as const satisfies { [F in Exclude<keyof Letter, 'website'>]: RegisterOptions<Letter, F> };

function atMost<N extends number>(value: N): { value: N; message: string } {
  return { value, message: `At most ${value.toLocaleString('en')} characters` };
}
