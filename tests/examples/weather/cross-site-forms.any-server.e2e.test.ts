import { describe } from 'vitest';
import { testCrossSiteForm } from '#tests/http/support/cross-site-form.ts';

describe('a form posted to /weather/choose', () =>
  testCrossSiteForm('/weather/choose', { name: 'Oslo', lat: '59.9', lng: '10.7' }));
