import type { ServerResponse } from 'node:http';

/**
 * Names a header of the request among those that an answer depends on, when its head is written: on pages Next
 * sets Vary anew, whatever was there before.
 */
export function addVary(response: ServerResponse, name: string): void {
  const writeHead = response.writeHead;
  const withVary = (...parts: Parameters<ServerResponse['writeHead']>) => {
    const given = [response.getHeader('vary') ?? []].flat().join(', ');
    const names = given.toLowerCase().split(/,\s*/);
    if (!names.includes(name.toLowerCase()))
      response.setHeader('vary', given === '' ? name : `${given}, ${name}`);
    return Reflect.apply(writeHead, response, parts);
  };
  Reflect.set(response, 'writeHead', withVary);
}
