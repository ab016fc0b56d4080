/** Listens on a port, and says in one line why it cannot. */
import type { Server } from 'node:http';
import { UserError } from '../text/errors.ts';

/** @throws UserError if the port is taken or may not be used */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new UserError(listenFault(error, host, port), { cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function listenFault({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is in use; --port 0 takes a free one`;
  if (code === 'EACCES') return `port ${port} may not be used; choose one above 1023, or --port 0`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `this machine has no address '${host}'`;
  return `cannot listen on ${host}:${port}: ${message}`;
}
