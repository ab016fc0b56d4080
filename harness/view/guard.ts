/**
 * Which requests the viewer answers. A server on this machine can be reached by every page that a browser has open,
 * so only what comes from the viewer's own pages, or from outside of browsers, is answered.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

type Asked = Pick<IncomingMessage, 'headers' | 'method'>;

/**
 * Why a request is refused; undefined if it is fine.
 * @param host the name that the server listens on
 */
export function refusal({ headers, method }: Asked, host: string): string | undefined {
  const asked = headers.host;
  // A foreign name that resolves to this machine is how other pages get in; addresses cannot be made to.
  if (asked === undefined || !isOwnName(nameOf(asked), host))
    return "this server answers to addresses, localhost and the machine's own name; --host NAME adds a name";
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isFollowedLink({ headers, method }))
    return 'pages of others cannot read this viewer';
  if (headers.origin !== undefined && headers.origin !== `http://${asked}`)
    return 'pages of others cannot read this viewer';
  const json = headers['content-type']?.split(';')[0] === 'application/json';
  return method === 'POST' && !json ? 'expected JSON' : undefined;
}

/** Whether somebody goes to a page of the viewer from elsewhere: nothing comes back to where the link was. */
const isFollowedLink = ({ headers, method }: Asked): boolean =>
  method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';

/** The name in a Host header, without port and brackets. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

/** A foreign page cannot make the machine's own name lead elsewhere first. */
const isOwnName = (name: string, host: string): boolean =>
  ['localhost', host, hostname(), `${hostname()}.local`].some((own) => own.toLowerCase() === name) ||
  isIP(name) !== 0;
