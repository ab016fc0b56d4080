/**
 * Which requests the viewer answers. A server on this machine can be reached by every page that a browser has open,
 * so only what comes from the viewer's own pages, or from outside of browsers, is answered.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Why a request is refused; undefined if it is fine.
 * @param host the name that the server listens on
 */
export function refusal({ headers, method }: IncomingMessage, host: string): string | undefined {
  const asked = headers.host;
  // A foreign name that resolves to this machine is how other pages get in; addresses cannot be made to.
  if (asked === undefined || !isOwnName(nameOf(asked), host)) return 'this viewer goes by another name';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'pages of others cannot read this viewer';
  if (headers.origin !== undefined && headers.origin !== `http://${asked}`)
    return 'pages of others cannot read this viewer';
  const json = headers['content-type']?.split(';')[0] === 'application/json';
  return method === 'POST' && !json ? 'expected JSON' : undefined;
}

/** The name in a Host header, without port and brackets. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

const isOwnName = (name: string, host: string): boolean =>
  name === 'localhost' || name === host.toLowerCase() || isIP(name) !== 0;
