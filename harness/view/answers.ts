/** Answers of the viewer's server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sha256 } from '../files/durable.ts';
import type { ServedPage } from './pages.ts';

export const KIND = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
};

export function send(response: ServerResponse, status: number, kind: string, text: string): void {
  response.writeHead(status, { 'Content-Type': kind, 'Content-Length': Buffer.byteLength(text) }).end(text);
}

export function sendPage(response: ServerResponse, { text, policy }: ServedPage): void {
  response.setHeader('Content-Security-Policy', policy);
  send(response, 200, KIND.html, text);
}

/** With a tag, so that what the browser has already is not sent again. */
export function sendTagged(
  request: IncomingMessage,
  response: ServerResponse,
  kind: string,
  text: string,
): void {
  const tag = `"${sha256(text).slice(0, 32)}"`;
  response.setHeader('ETag', tag);
  if (request.headers['if-none-match'] === tag) response.writeHead(304).end();
  else send(response, 200, kind, text);
}

export const notFound = (response: ServerResponse): void =>
  send(response, 404, KIND.text, 'there is nothing here\n');
