import { describe } from 'vitest';
import { testCrossSiteForm } from './support/cross-site-form.ts';

describe('a browser that posts a form of another site to /contact/send', () =>
  testCrossSiteForm('/contact/send', { email: 'ada@visitor.example', contents: 'Hello' }));
