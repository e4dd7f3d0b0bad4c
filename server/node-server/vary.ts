import type { ServerResponse } from 'node:http';

/**
 * Adds a request header to Vary when the head of the response is written. An earlier value would be lost, because Next
 * overwrites Vary on pages.
 */
export function addVary(response: ServerResponse, name: string): void {
  const writeHead = response.writeHead;
  const withVary = (...parts: Parameters<ServerResponse['writeHead']>) => {
    const current = [response.getHeader('vary') ?? []].flat().join(', ');
    const names = current.toLowerCase().split(/,\s*/);
    if (!names.includes(name.toLowerCase()))
      response.setHeader('vary', current === '' ? name : `${current}, ${name}`);
    return Reflect.apply(writeHead, response, parts);
  };
  Reflect.set(response, 'writeHead', withVary);
}
