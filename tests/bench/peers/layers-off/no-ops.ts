/** No-op replacements for the exports of the layers. */
export const clientClosedRequest = 499;
export const requestIdOf = () => 'none';
export const enforce = async () => undefined;
export const setCommonHeaders = () => undefined;
export const setRateLimitHeaders = () => undefined;
export const logRequest = () => undefined;
