/** What the page for signing in says after a step of a sign-in by mail: its query parameter `mail`. */
export const mailSteps = ['sent', 'wrong-code', 'over', 'not-an-address', 'too-many'] as const;
export type MailStep = (typeof mailSteps)[number];
