import { describe } from 'vitest';
import { testCrossSiteForm } from './support/cross-site-form.ts';

describe('a form posted to /contact/send', () =>
  testCrossSiteForm('/contact/send', { email: 'ada@visitor.example', contents: 'Hello' }));
