/** What stands for each of the layers. */
export const clientClosedRequest = 499;
export const requestIdOf = () => 'none';
export const chargeLimit = async () => undefined;
export const finishHeaders = () => undefined;
export const setRateLimitHeaders = () => undefined;
export const logRequest = () => undefined;
