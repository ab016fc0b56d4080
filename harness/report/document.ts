/** A page as a file: its head, which all pages share, and its body. */
import { type Html, html, type Part } from './html.ts';

export interface HtmlDocument {
  readonly title: string;
  /** Content-Security-Policy; absent where a header holds it. */
  readonly policy?: Html | string;
  /** More of the head: style, icon, scripts. */
  readonly head: Part;
  readonly body: Part;
}

export const htmlDocument = ({ title, policy, head, body }: HtmlDocument): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${policy !== undefined && html`<meta http-equiv="Content-Security-Policy" content="${policy}">\n`}<meta name="color-scheme" content="light dark">
<title>${title}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`.text;
