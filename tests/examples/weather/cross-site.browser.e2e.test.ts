import { describe } from 'vitest';
import { testCrossSiteForm } from '#tests/browser/support/cross-site-form.ts';

describe('a browser that posts a form of another site to /weather/choose', () =>
  testCrossSiteForm('/weather/choose', { name: 'Oslo', lat: '59.9', lng: '10.7' }));
