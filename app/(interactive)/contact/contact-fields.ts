import type { RegisterOptions } from 'react-hook-form';
import type { limits } from '#server/config/limits.ts';

/** The values of the contact form. `leaveEmpty` is hidden: people leave it empty. */
export type ContactValues = {
  email: string;
  name: string;
  subject: string;
  contents: string;
  leaveEmpty: string;
};

export const contactFields = ['email', 'name', 'subject', 'contents'] as const;

/** The server's limits. The types force the numbers below to be equal to them. */
type MailLimits = (typeof limits)['mail'];
const addressLength: MailLimits['addressLength'] = 254;
const nameLength: MailLimits['nameLength'] = 100;
const subjectLength: MailLimits['subjectLength'] = 150;
const contentsLength: MailLimits['contentsLength'] = 5_000;

const invalidAddress = 'Please enter an email address like name@example.org';
const emptyMessage = 'Please enter a message';

/**
 * The validation rules that run in the browser. The server checks all of them again, and more, with the same messages
 * for the same errors.
 */
export const contactRules = {
  email: {
    required: invalidAddress,
    maxLength: { value: addressLength, message: invalidAddress },
    pattern: { value: /^[^\s@]+@[^\s@]+$/, message: invalidAddress },
  },
  name: { maxLength: atMost(nameLength) },
  subject: { maxLength: atMost(subjectLength) },
  contents: {
    required: emptyMessage,
    maxLength: atMost(contentsLength),
    validate: (text) => text.trim() !== '' || emptyMessage,
  },
} as const satisfies {
  [Field in Exclude<keyof ContactValues, 'leaveEmpty'>]: RegisterOptions<ContactValues, Field>;
};

function atMost<N extends number>(value: N): { value: N; message: string } {
  return { value, message: `At most ${value.toLocaleString('en')} characters` };
}
