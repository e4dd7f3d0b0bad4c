/** A step of a sign-in by mail that the page for signing in explains: its query parameter `mail`. */
export const mailSteps = ['sent', 'wrong-code', 'over', 'not-an-address', 'too-many'] as const;
export type MailStep = (typeof mailSteps)[number];
