/** Returns the message for a call that the server did not answer. */
export function unreachableMessage(): string {
  return navigator.onLine === false
    ? 'You are offline. This will work again once you have a connection.'
    : 'The server cannot be reached. Please check your connection.';
}
