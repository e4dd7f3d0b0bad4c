/** The messages for visitors when an upstream fails. */
export const forecastUnavailable = 'Weather data is unavailable right now.';
export const searchUnavailable = 'The search for places is unavailable right now.';
