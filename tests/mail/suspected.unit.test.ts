import { expect, test } from 'vitest';
import { draft, testMail } from './support.ts';

const suspected = { ...draft, suspicion: 'hidden_field' } as const;

test.each([
  ['smtp', { SMTP_URL: 'smtp://127.0.0.1:1' }],
  ['inbox', { NODE_ENV: 'test' as const }],
  ['held', {}],
])(
  'tells the sender in %s mode that a suspected mail is held, and logs it for the operator',
  async (mode, env) => {
    const { mail, lines } = testMail(env);
    expect(mail.mode).toBe(mode);
    const { id, status } = await mail.send(suspected);
    expect(status).toBe('held');
    expect(await mail.status(id)).toMatchObject({ id, status: 'held', attempts: 0, sentAt: null });
    const logged = lines.filter((line) => line.includes(id)).join();
    expect(logged).toContain('"suspicion":"hidden_field"');
    expect(logged).not.toContain(draft.email);
  },
);
